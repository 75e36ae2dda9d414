// @ts-check
// The cells of a notebook, or the statements of a SQL task, with what came of each.
import { get, OWN, query } from "./api.js";
import { Chart } from "./chart.js";
import { counted, isLive } from "./format.js";
import { html, useEffect, useRef, useState } from "./h.js";
import { Painted, painter } from "./painted.js";
import { Panel, Problem, useAnswer } from "./parts.js";

const PAGE = 20;
const AT_ONCE = 500;
const MOST_CHARTED = 2_000;
const LOWEST = 60;
const HIGHEST = 900;

/** @param {{run: any, attempt: any}} told */
export function Cells({ run, attempt }) {
  const key = `cells ${attempt.id} ${attempt.updated_at}`;
  const { value } = useAnswer(key, (stop) => get(`${OWN}/runs/${run.id}/cells`, { attempt: attempt.id }, stop));
  if (!value?.cells.length) return null;
  const title = value.cells[0].title === undefined ? "Statements" : "Notebook";
  return html`<${Panel} title=${title} aside=${html`<span>${counted(value.cells.length, title === "Notebook" ? "cell" : "statement")}${isLive(attempt.phase) ? " · so far" : ""}</span>`}>
    <ol class="cells">${value.cells.map((/** @type {any} */ cell, /** @type {number} */ place) => html`<li key=${place} class=${cell.state}><div class="number quiet">${place + 1}</div><div>
      ${cell.title ? html`<h3>${cell.title}</h3>` : null}<pre class="source" tabindex="0" aria-label=${`Source of ${place + 1}`}>${cell.source}</pre>
      ${cell.results.map((/** @type {any} */ one, /** @type {number} */ at) => html`<${Result} key=${at} told=${one} at=${`${OWN}/runs/${run.id}`} words=${{ attempt: attempt.id, cell: place, result: at }} />`)}
      ${cell.state === "skipped" ? html`<p class="quiet">did not run</p>` : null}</div></li>`)}</ol><//>`;
}

/** @param {{told: any, at: string, words: any}} told */
function Result({ told, at, words }) {
  if (told.type === "table") return html`<${Table} table=${told} load=${(/** @type {number} */ offset, /** @type {number} */ limit) => get(`${at}/rows`, { ...words, offset, limit }).then((page) => page.rows)} />`;
  if (told.type === "html") return html`<${Framed} address=${`${at}/page${query(words)}`} />`;
  if (told.type === "image") return /^data:image\/(png|jpeg|gif|webp);base64,/.test(told.data) ? html`<img alt="What the cell drew" src=${told.data} />` : html`<p class="quiet">A picture that cannot be shown.</p>`;
  const text = told.type === "error" ? told.data ?? told.cause ?? told.summary : told.data;
  return text ? html`<${Painted} as="pre" class=${`shown ${told.type}`} tabindex="0" aria-label="What it printed" markup=${painter()(String(text))} />` : null;
}

/** A page that the job made, in a frame that reaches nothing: neither this page nor another place. @param {{address: string}} told */
function Framed({ address }) {
  const frame = useRef(/** @type {HTMLIFrameElement | null} */ (null));
  const [high, setHigh] = useState(160);
  useEffect(() => {
    const hear = (/** @type {MessageEvent} */ event) => {
      const told = event.source === frame.current?.contentWindow ? Number(event.data?.runyard) : Number.NaN;
      if (Number.isFinite(told)) setHigh(Math.min(HIGHEST, Math.max(LOWEST, Math.ceil(told))));
    };
    addEventListener("message", hear);
    return () => removeEventListener("message", hear);
  }, []);
  return html`<iframe class="framed" ref=${frame} title="What the cell showed" sandbox="allow-scripts" loading="lazy" src=${address} style=${{ height: `${high}px` }}></iframe>`;
}

/** A table whose first rows are here; `load` fetches others. @param {{table: any, load?: (offset: number, limit: number) => Promise<any[][]>}} told */
export function Table({ table, load }) {
  const [first, setFirst] = useState(0);
  const [rows, setRows] = useState(/** @type {any[][]} */ (table.rows.slice(0, PAGE)));
  const [isChart, setIsChart] = useState(false);
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const fetched = async (/** @type {number} */ from, /** @type {number} */ count) => (from + count <= table.rows.length || !load || table.rows.length >= table.count ? table.rows.slice(from, from + count) : load(from, count));
  const turn = async (/** @type {number} */ to) => {
    try { const page = await fetched(to, PAGE); setRows(page); setFirst(to); setError(null); } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  useEffect(() => { setRows(table.rows.slice(0, PAGE)); setFirst(0); }, [table]);
  const to = first + rows.length;
  const last = Math.max(0, Math.floor((table.count - 1) / PAGE) * PAGE);
  const tabs = table.count > 1 ? html`<span class="tabs" role="group" aria-label="Rows as"><button type="button" class="small" aria-pressed=${!isChart} onClick=${() => setIsChart(false)}>Rows</button><button type="button" class="small" aria-pressed=${isChart} onClick=${() => setIsChart(true)}>Chart</button></span>` : null;
  if (isChart) return html`<div>${tabs}<${Charted} table=${table} fetched=${fetched} /></div>`;
  return html`<div><div class="scroll" tabindex="0" role="region" aria-label="Rows"><table class="list grid"><thead><tr>${table.columns.map((/** @type {string} */ name, /** @type {number} */ at) => html`<th key=${at} scope="col" class=${typeof table.rows[0]?.[at] === "number" ? "number" : ""} title=${table.types?.[at] ?? ""} dir="auto">${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row, at) => html`<tr key=${first + at}>${row.map((value, column) => html`<td key=${column} dir="auto" class=${typeof value === "number" ? "number" : value === null ? "quiet" : ""}>${shown(value)}</td>`)}</tr>`)}</tbody></table></div>
    <div class="pager quiet"><span>${table.count ? `${(first + 1).toLocaleString()}–${to.toLocaleString()} of ` : ""}${counted(table.count, "row")}${table.is_cut ? ", its beginning" : ""}</span>
    ${table.count > PAGE ? html`<button type="button" class="small" disabled=${first === 0} onClick=${() => turn(0)}>First</button><button type="button" class="small" disabled=${first === 0} onClick=${() => turn(Math.max(0, first - PAGE))}>Previous</button><button type="button" class="small" disabled=${to >= table.count} onClick=${() => turn(to)}>Next</button><button type="button" class="small" disabled=${to >= table.count} onClick=${() => turn(last)}>Last</button>` : null}${tabs}</div>
    <${Problem} error=${error} /></div>`;
}

/** @param {any} value */
const shown = (value) => (value === null ? "null" : typeof value === "object" ? JSON.stringify(value) : String(value));

/** @param {{table: any, fetched: (from: number, count: number) => Promise<any[][]>}} told */
function Charted({ table, fetched }) {
  const count = Math.min(table.count, MOST_CHARTED);
  const { value, error } = useAnswer(`chart ${table.count}`, async () => {
    /** @type {any[][]} */
    const rows = [];
    while (rows.length < count) {
      const page = await fetched(rows.length, Math.min(AT_ONCE, count - rows.length));
      if (!page.length) break;
      rows.push(...page);
    }
    return rows;
  });
  if (!value) return html`<${Problem} error=${error} />`;
  return html`<${Chart} columns=${table.columns} rows=${value} note=${table.count > count ? `Of the first ${count.toLocaleString()} rows.` : ""} />`;
}
