// @ts-check
// The cells of a notebook, or the statements of a SQL task, with what came of each.
import { AnsiUp } from "ansi_up";
import { get, OWN } from "./api.js";
import { counted, isLive } from "./format.js";
import { html, useState } from "./h.js";
import { Panel, useAnswer } from "./parts.js";

const PAGE = 20;

/** @param {{run: any, attempt: any}} told */
export function Cells({ run, attempt }) {
  const key = `cells ${attempt.id} ${attempt.updated_at}`;
  const { value } = useAnswer(key, (stop) => get(`${OWN}/runs/${run.id}/cells`, { attempt: attempt.id }, stop));
  if (!value?.cells.length) return null;
  const title = value.cells[0].title === undefined ? "Statements" : "Notebook";
  return html`<${Panel} title=${title} aside=${html`<span>${counted(value.cells.length, title === "Notebook" ? "cell" : "statement")}${isLive(attempt.phase) ? " · so far" : ""}</span>`}>
    <ol class="cells">${value.cells.map((/** @type {any} */ cell, /** @type {number} */ place) => html`<li key=${place} class=${cell.state}><div class="number quiet">${place + 1}</div><div>
      ${cell.title ? html`<h3>${cell.title}</h3>` : null}<pre class="source" tabindex="0">${cell.source}</pre>
      ${cell.results.map((/** @type {any} */ one, /** @type {number} */ at) => html`<${Result} key=${at} told=${one} />`)}
      ${cell.state === "skipped" ? html`<p class="quiet">did not run</p>` : null}</div></li>`)}</ol><//>`;
}

/** @param {{told: any}} told */
function Result({ told }) {
  if (told.type === "table") return html`<${Table} table=${told} />`;
  if (told.type === "html") return html`<p class="quiet">It showed a page of its own, which may hold anything and is not shown here; an export of the run has it.</p>`;
  if (told.type === "image") return /^data:image\/(png|jpeg|gif|webp);base64,/.test(told.data) ? html`<img alt="What the cell drew" src=${told.data} />` : html`<p class="quiet">A picture that cannot be shown.</p>`;
  const ansi = new AnsiUp();
  ansi.use_classes = true;
  const text = told.type === "error" ? told.data ?? told.cause ?? told.summary : told.data;
  return text ? html`<pre class=${`shown ${told.type}`} tabindex="0" dangerouslySetInnerHTML=${{ __html: ansi.ansi_to_html(String(text)) }}></pre>` : null;
}

/** @param {{table: any}} told */
export function Table({ table }) {
  const [first, setFirst] = useState(0);
  const rows = table.rows.slice(first, first + PAGE);
  const to = Math.min(first + PAGE, table.rows.length);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Rows"><table class="list grid"><thead><tr>${table.columns.map((/** @type {string} */ name, /** @type {number} */ at) => html`<th key=${at}>${name}</th>`)}</tr></thead>
    <tbody>${rows.map((/** @type {any[]} */ row, /** @type {number} */ at) => html`<tr key=${first + at}>${row.map((value, column) => html`<td key=${column} class=${typeof value === "number" ? "number" : value === null ? "quiet" : ""}>${value === null ? "null" : typeof value === "object" ? JSON.stringify(value) : String(value)}</td>`)}</tr>`)}</tbody></table></div>
    <p class="pager quiet">${table.rows.length ? `${first + 1}–${to} of ` : ""}${counted(table.count, "row")}${table.is_cut ? ", its beginning" : ""}
    ${table.rows.length > PAGE ? html` <button type="button" class="small" disabled=${first === 0} onClick=${() => setFirst(first - PAGE)}>Previous</button> <button type="button" class="small" disabled=${to >= table.rows.length} onClick=${() => setFirst(first + PAGE)}>Next</button>` : null}</p>`;
}
