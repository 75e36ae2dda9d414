// @ts-check
// What came of a text: of each statement its rows, as a table or a chart, what was said of it, or what was wrong.
import { query } from "../ui/api.js";
import { Chart } from "../ui/chart.js";
import { counted } from "../ui/format.js";
import { html, useEffect } from "../ui/h.js";
import { Panel, Problem, useAnswer } from "../ui/parts.js";
import { ask, place } from "../ui/router.js";
import { cancel, file, isAsking, problem, result, rows } from "./asking.js";
import { Grid } from "./grid.js";
import { charted } from "./values.js";

const VIEWS = { rows: "Rows", chart: "Chart" };
const FILES = { csv: "CSV", json: "JSON", parquet: "Parquet" };
const CHARTED = 5000;
const WORDS = { waiting: "waits", running: "runs …", skipped: "not run", failed: "failed", cancelled: "cancelled", done: "done" };

/** @param {{text: string, goTo: (at: number) => void, examples: any}} told */
export function Result({ text, goTo, examples }) {
  const told = result.value;
  if (problem.value) return html`<${Problem} error=${problem.value} />`;
  if (!told) return isAsking.value ? html`<p class="notice" role="status">Asking …</p>` : examples;
  if (told.error) return html`<${Trouble} error=${told.error} text=${text} goTo=${goTo} />`;
  const words = place.value.query;
  const number = Math.min(Number(words.s ?? latest(told.statements)), told.statements.length - 1);
  const statement = told.statements[number];
  if (!statement) return html`<p class="notice">There is no statement in this text.</p>`;
  return html`<${Panel} title=${told.explains ? "What would be asked" : "Result"} class="result" aside=${html`<${Tools} statement=${statement} number=${number} explains=${told.explains} />`}>
    ${told.statements.length > 1 ? html`<ol class="statements" role="group" aria-label="Statements">${told.statements.map((/** @type {any} */ one, /** @type {number} */ at) => html`<li key=${at}><button type="button" class=${`small ${one.state}`} aria-pressed=${at === number} onClick=${() => ask({ s: at })}>${at + 1} ${line(text.slice(one.start, one.end))} <span class="mild">${WORDS[/** @type {"done"} */ (one.state)]}</span></button></li>`)}</ol>` : null}
    ${told.notices.map((/** @type {string} */ one) => html`<p class="notice" key=${one}>${one}</p>`)}
    <${One} key=${`${told.id} ${number}`} statement=${statement} number=${number} text=${text} goTo=${goTo} explains=${told.explains} /><//>`;
}

/** Where one looks first: at what is wrong, else at the last rows. @param {any[]} statements */
function latest(statements) {
  const bad = statements.findIndex((one) => one.error);
  if (bad >= 0) return bad;
  const given = statements.findLastIndex((one) => one.headings.length > 0);
  return given >= 0 ? given : Math.max(0, statements.length - 1);
}

/** @param {string} text */
const line = (text) => text.trim().split("\n")[0].slice(0, 40);

/** @param {{statement: any, number: number, explains: boolean}} told */
function Tools({ statement, number, explains }) {
  if (isAsking.value) return html`<button type="button" class="small danger" onClick=${cancel}>Cancel</button>`;
  if (explains || statement.state !== "done" || !statement.headings.length) return null;
  const view = place.value.query.view ?? "rows";
  return html`<span class="tools"><span class="tabs" role="group" aria-label="Result as">${Object.entries(VIEWS).map(([name, title]) => html`<button type="button" class="small" key=${name} aria-pressed=${view === name} onClick=${() => ask({ view: name === "rows" ? "" : name })}>${title}</button>`)}</span>
    <span class="downloads" role="group" aria-label="Download">${Object.entries(FILES).map(([form, title]) => html`<a class="button small" key=${form} href=${file(number, form)} download=${`result.${form}`} aria-label=${`Download as ${title}`}>${title} ↓</a>`)}</span></span>`;
}

/** @param {{statement: any, number: number, text: string, goTo: (at: number) => void, explains: boolean}} told */
function One({ statement, number, text, goTo, explains }) {
  if (statement.error) return html`<${Trouble} error=${statement.error} text=${text} goTo=${goTo} />`;
  if (statement.state === "running" || statement.state === "waiting") return html`<p class="quiet" role="status">It runs …</p>`;
  if (statement.state === "skipped") return html`<p class="quiet">It was not run: one before it failed.</p>`;
  if (explains) return html`<${Plan} number=${number} count=${statement.count} />`;
  return html`${statement.notices.map((/** @type {string} */ one) => html`<p class="notice" key=${one}>${one}</p>`)}
    ${!statement.headings.length ? html`<p class="quiet done">${statement.tag || "Done"} · ${Math.round(statement.took_ms)} ms</p>`
      : statement.count === 0 ? html`<p class="quiet done">No rows. ${statement.headings.length === 1 ? "The column is" : "The columns are"} ${statement.headings.map((/** @type {any} */ one) => one.name).join(", ")}.</p>`
        : place.value.query.view === "chart" ? html`<${Charted} statement=${statement} number=${number} />` : html`<${Grid} statement=${statement} number=${number} />`}`;
}

/** What the server would do, line by line. @param {{number: number, count: number}} told */
function Plan({ number, count }) {
  const { value, error } = useAnswer(`plan ${result.value.id} ${number}`, (stop) => rows(number, 0, Math.max(count, 1), { whole: true, stop }));
  return html`<${Problem} error=${error} /><ol class="plan">${(value?.rows ?? []).map((/** @type {any[]} */ [one], /** @type {number} */ at) => {
    const [, what, rest] = /^(read|ask|call|run)[: ]\s*(.*)$/s.exec(String(one)) ?? [null, String(one), ""];
    return html`<li key=${at}><b>${what}</b>${rest ? html` <code tabindex="0">${rest}</code>` : null}</li>`;
  })}</ol>`;
}

/** @param {{statement: any, number: number}} told */
function Charted({ statement, number }) {
  const { value, error } = useAnswer(`chart ${result.value.id} ${number}`, (stop) => rows(number, 0, CHARTED, { stop }).then((page) => ({
    isCut: !page.is_through || page.count > CHARTED,
    rows: page.rows.map((/** @type {any[]} */ row) => row.map((one, at) => charted(one, statement.headings[at].type))),
  })));
  const { x, y, kind } = place.value.query;
  if (!value) return html`<${Problem} error=${error} />`;
  return html`<${Chart} columns=${statement.headings.map((/** @type {any} */ one) => one.name)} rows=${value.rows} note=${value.isCut ? `Of the first ${counted(value.rows.length, "row")}.` : ""}
    chosen=${{ x, y, kind }} choose=${(/** @type {any} */ words) => ask(words)} />`;
}

/** @param {{error: any, text: string, goTo: (at: number) => void}} told */
function Trouble({ error, text, goTo }) {
  const at = error.position;
  const before = at === null ? "" : text.slice(0, at);
  const number = before.split("\n").length;
  const column = at === null ? 0 : at - before.lastIndexOf("\n");
  useEffect(() => {}, [error]);
  return html`<div class="problem sqlproblem" role="alert"><p dir="auto">${error.message} <span class="quiet">[${error.code}]</span></p>
    ${error.hint ? html`<p class="quiet">${error.hint}</p>` : null}
    ${at === null ? null : html`<pre class="place">${text.split("\n")[number - 1]}${"\n"}${" ".repeat(Math.max(column - 1, 0))}^</pre><button type="button" class="small" onClick=${() => goTo(at)}>Go to line ${number}, column ${column}</button>`}</div>`;
}

/** What a link to this page has to say. @param {Record<string, any>} words */
export const linked = (words) => `/sql${query(words)}`;
