// @ts-check
// A query in Dremio's language: the way it took, the queue it was in, and whether a reflection answered it.
import { lasting, now } from "./format.js";
import { html } from "./h.js";
import { Panel } from "./parts.js";

/** @param {{run: any, query: any}} told */
export function Query({ run, query }) {
  if (!query) return null;
  const { steps } = query;
  const end = run.ended_at ?? now.value;
  const spans = steps.map((/** @type {any} */ one, /** @type {number} */ at) => ({ ...one, ms: Math.max(0, (steps[at + 1]?.at ?? end) - one.at) }));
  const sum = Math.max(1, spans.reduce((/** @type {number} */ all, /** @type {any} */ one) => all + one.ms, 0));
  return html`<${Panel} title="Query" aside=${html`<span>${query.jobState} · ${query.query_type}</span>`}>
    ${spans.length ? html`<ol class="steps-taken" aria-label="Steps">${spans.map((/** @type {any} */ one) => html`<li key=${one.word + one.at}><span class="name">${one.word.toLowerCase().replaceAll("_", " ")}</span><span class="track"><i style=${{ width: `${Math.max(0.5, (one.ms / sum) * 100)}%` }}></i></span><span class="quiet number">${lasting(one.ms)}</span></li>`)}</ol>` : html`<p class="quiet">Its process has told nothing yet.</p>`}
    <table class="facts"><tbody>${rows(query).filter(([, value]) => value !== undefined && value !== null && value !== "").map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td dir="auto">${value}</td></tr>`)}</tbody></table>
    ${query.acceleration.length ? html`<h3>Reflections</h3><ul class="items">${query.acceleration.map((/** @type {any} */ one, /** @type {number} */ at) => html`<li key=${at}><b>${String(one.relationship ?? "").toLowerCase()}</b> ${one.datasetName ?? one.datasetPath?.join?.(".") ?? one.datasetPath ?? ""} <span class="quiet">${one.reflectionName ?? one.name ?? one.reflectionId ?? ""} ${String(one.reflectionType ?? one.type ?? "").toLowerCase()}</span></li>`)}</ul>` : null}<//>`;
}

/** @param {any} query @returns {[string, any][]} */
const rows = (query) => [
  ["Dremio's id", html`<code>${query.dremio_id}</code>`], ["Asked by", query.user],
  ["Queue", query.queue ? html`<a href=${`/dremio?queue=${encodeURIComponent(query.queue)}`}>${query.queue}</a>` : null],
  ["Waited in it", query.queued_at && query.granted_at ? lasting(query.granted_at - query.queued_at) : null],
  ["Cost of its plan", query.cost === null || query.cost === undefined ? null : `${Math.round(query.cost).toLocaleString()} rows`],
  ["Rows", query.rows.toLocaleString()], ["Read", query.datasets.join(", ")], ["Accelerated", query.is_accelerated ? "yes" : null],
];
