// @ts-check
// The rows of a statement: drawn where one looks, fetched a page at a time, and forgotten when one is far away.
import { counted } from "../ui/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../ui/h.js";
import { mover } from "../ui/keys.js";
import { Copy, Dialog, Problem, useAnswer } from "../ui/parts.js";
import { result, rows as fetchRows } from "./asking.js";
import { NUMBERS, text, Value, whole } from "./values.js";

const PAGE = 200;
const MOST_PAGES = 40; // that the page holds; the others come again when one looks there
const MOST_AHEAD = 100_000; // rows that the server reads on for one who scrolls far
const ROW = 30;
const BEYOND = 8;
const MOST_ROWS = 1_000_000; // a browser draws no box that is higher
const LETTER = 8.3; // pixels of one
const NARROW = 6;
const WIDE = 46;
const SAMPLE = 60;

/** @param {{statement: any, number: number}} told */
export function Grid({ statement, number }) {
  const key = `${result.value.id} ${number}`;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const list = usePages(key, number, statement);
  const [shown, setShown] = useState({ from: 0, to: 40 });
  const [marked, setMarked] = useState(-1);
  const [opened, setOpened] = useState(-1);
  const count = Math.min(list.count, MOST_ROWS);
  const look = (/** @type {any} */ event = null) => {
    const element = box.current;
    if (!element) return;
    const from = Math.max(0, Math.floor(element.scrollTop / ROW) - BEYOND);
    const to = Math.min(count, from + Math.ceil(element.clientHeight / ROW) + 2 * BEYOND);
    setShown({ from, to });
    list.want(from, to, Boolean(event));
  };
  useLayoutEffect(() => look(), [key, count, list.isThrough, list.turn]);
  useEffect(() => { setMarked(-1); if (box.current) box.current.scrollTop = 0; }, [key]);
  mover.move = (step) => {
    const to = Math.min(Math.max(marked + step, 0), count - 1);
    setMarked(to);
    const element = box.current;
    if (!element) return;
    element.scrollIntoView({ block: "nearest" });
    const top = to * ROW;
    if (top < element.scrollTop || top > element.scrollTop + element.clientHeight - 3 * ROW) element.scrollTop = Math.max(0, top - element.clientHeight / 2);
  };
  mover.open = () => { if (marked >= 0) setOpened(marked); };
  const columns = statement.headings;
  const widths = measured(columns, list.first);
  const across = widths.reduce((/** @type {number} */ sum, /** @type {number} */ one) => sum + one, 0);
  const style = { gridTemplateColumns: widths.map((/** @type {number} */ one) => `${one}px`).join(" ") };
  return html`<div class="rowbox" ref=${box} tabindex="0" role="table" aria-label="Rows" aria-rowcount=${list.isThrough ? count + 1 : -1} aria-colcount=${columns.length} onScroll=${look} data-rows>
      <div role="rowgroup" class="headgroup" style=${{ width: `${across}px` }}><div role="row" class="datarow head" aria-rowindex="1" style=${style}>${columns.map((/** @type {any} */ one, /** @type {number} */ at) => html`<span role="columnheader" key=${at} class=${NUMBERS.has(one.type) ? "number" : ""} title=${`${one.name}: ${one.type}`} dir="auto">${one.name}</span>`)}</div></div>
      <div role="rowgroup" class="body" style=${{ height: `${count * ROW}px`, width: `${across}px` }}>
      ${range(shown.from, Math.min(shown.to, count)).map((at) => html`<${Row} key=${at} at=${at} row=${list.row(at)} columns=${columns} style=${style} isMarked=${at === marked} open=${() => { setMarked(at); setOpened(at); }} />`)}</div></div>
    <p class="quiet status">${told(list, statement)}</p><${Problem} error=${list.error} />
    ${opened >= 0 ? html`<${One} number=${number} at=${opened} columns=${columns} close=${() => setOpened(-1)} />` : null}`;
}

/** @param {{at: number, row: any[] | null, columns: any[], style: any, isMarked: boolean, open: () => void}} told */
const Row = ({ at, row, columns, style, isMarked, open }) => html`<div role="row" aria-rowindex=${at + 2} class=${`datarow ${isMarked ? "marked" : ""}`} style=${{ ...style, top: `${at * ROW}px` }} onClick=${open}>
  ${columns.map((one, place) => html`<span role="cell" key=${place} class=${NUMBERS.has(one.type) ? "number" : ""} dir="auto">${row ? html`<${Value} value=${row[place]} type=${one.type} />` : "…"}</span>`)}</div>`;

/** @param {any} list @param {any} statement */
function told(list, statement) {
  const took = `${statement.took_ms < 10 ? statement.took_ms.toFixed(1) : Math.round(statement.took_ms).toLocaleString()} ms`;
  if (list.isThrough) return `${counted(list.count, "row")} · ${took}${list.count > MOST_ROWS ? ` · the first ${MOST_ROWS.toLocaleString()} are shown; a download has all` : ""}`;
  return `The first ${counted(list.count, "row")} · ${took} · more come as you scroll`;
}

/** The pages of a result that are here. @param {string} key @param {number} number @param {any} statement */
function usePages(key, number, statement) {
  const pages = useRef(/** @type {Map<number, any[][]>} */ (new Map()));
  const asked = useRef(/** @type {Set<number>} */ (new Set()));
  const owner = useRef(key);
  const [state, setState] = useState({ key, count: statement.count, isThrough: statement.is_through, error: /** @type {Error | null} */ (null), turn: 0 });
  if (owner.current !== key) { owner.current = key; pages.current = new Map(); asked.current = new Set(); }
  const mine = state.key === key ? state : { key, count: statement.count, isThrough: statement.is_through, error: null, turn: 0 };
  const load = async (/** @type {number} */ page, ahead = 0) => {
    if (asked.current.has(page)) return;
    asked.current.add(page);
    try {
      const answer = await fetchRows(number, page * PAGE, PAGE, { ahead: ahead || undefined });
      if (owner.current !== key) return;
      pages.current.delete(page);
      pages.current.set(page, answer.rows);
      for (const old of [...pages.current.keys()]) if (pages.current.size > MOST_PAGES && old !== 0) pages.current.delete(old);
      setState((old) => ({ key, count: Math.max(answer.count, old.key === key ? old.count : 0), isThrough: answer.is_through, error: null, turn: old.turn + 1 }));
    } catch (error) {
      if (owner.current === key) setState((old) => ({ ...mine, error: /** @type {Error} */ (error), turn: old.turn + 1 }));
    } finally {
      asked.current.delete(page);
    }
  };
  const isWhole = (/** @type {number} */ page) => (pages.current.get(page)?.length ?? -1) >= Math.min(PAGE, mine.count - page * PAGE);
  const want = (/** @type {number} */ from, /** @type {number} */ to, /** @type {boolean} */ isAsked) => {
    if (mine.error && !isAsked) return; // what failed is tried again when somebody scrolls
    // Who goes on scrolling sees twice as far each time.
    if (!mine.isThrough && to + PAGE / 2 > mine.count && mine.count < MOST_ROWS) load(Math.floor(mine.count / PAGE), Math.min(mine.count, MOST_AHEAD));
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page += 1) if (!isWhole(page)) load(page);
  };
  const row = (/** @type {number} */ at) => pages.current.get(Math.floor(at / PAGE))?.[at % PAGE] ?? null;
  return { ...mine, want, row, first: pages.current.get(0) ?? [] };
}

/** How wide each column is, by its name and its first values. @param {any[]} columns @param {any[][]} rows */
const measured = (columns, rows) => columns.map((one, at) => {
  const longest = Math.max(one.name.length + 1, ...rows.slice(0, SAMPLE).map((row) => text(row[at], one.type).length));
  return Math.round(Math.min(Math.max(longest, NARROW), WIDE) * LETTER) + 24;
});

/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, place) => from + place);

/** One row with all of its values in full. @param {{number: number, at: number, columns: any[], close: () => void}} told */
function One({ number, at, columns, close }) {
  const { value, error } = useAnswer(`row ${result.value.id} ${number} ${at}`, (stop) => fetchRows(number, at, 1, { whole: true, stop }));
  const row = value?.rows[0];
  return html`<${Dialog} title=${`Row ${(at + 1).toLocaleString()}`} close=${close}><${Problem} error=${error} />
    ${row ? html`<dl class="values">${columns.map((one, place) => html`<div key=${place}><dt>${one.name} <span class="quiet">${one.type}</span></dt>
      <dd>${row[place] === null ? html`<span class="null">null</span>` : html`<pre tabindex="0" dir="auto" aria-label=${`Value of ${one.name}`}>${whole(row[place], one.type)}</pre><${Copy} text=${String(row[place])} label=${`Copy ${one.name}`} />`}
      ${one.name === "run_id" && /^\d+$/.test(String(row[place])) ? html` <a class="button small" href=${`/runs/${row[place]}`}>Open run ${row[place]}</a>` : null}</dd></div>`)}</dl>` : null}<//>`;
}
