// @ts-check
// What a job has read already: of one run, and version by version.
import { get, OWN } from "./api.js";
import { counted, toTheSecond } from "./format.js";
import { html } from "./h.js";
import { Moment, Panel, useAnswer } from "./parts.js";

/** Up to where a run has read. @param {{run: any}} told */
export function Bookmark({ run }) {
  const { value } = useAnswer(`bookmark ${run.id} ${run.updated_at}`, (stop) => get(`${OWN}/runs/${run.id}/bookmark`, {}, stop));
  const mark = value?.bookmark;
  if (!mark) return null;
  return html`<${Panel} title="Bookmark" aside=${html`<span>version ${mark.version} · run ${mark.run_number} of the job</span>`}>
    <p>${mark.is_committed ? "This run committed what it read; the next one goes on from here." : "This run began to read and has committed nothing: the next one reads the same again."}</p>
    <${Read} read=${mark.read} />
    ${mark.previous_run_id ? html`<p class="quiet"><a href=${`/runs/${mark.previous_run_id}`}>Run ${mark.previous_run_id}</a> was the last to read before it.</p>` : null}<//>`;
}

/** @param {{id: string}} told */
export function Bookmarks({ id }) {
  const { value } = useAnswer(`bookmarks ${id}`, (stop) => get(`${OWN}/jobs/${id}/bookmarks`, {}, stop));
  if (!value?.versions.length) return null;
  return html`<${Panel} title="Bookmark" aside=${html`<span>version ${value.versions[0].version}</span>`}><p>What its runs have read, the newest version first.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Versions of the bookmark"><table class="list"><thead><tr><th>Version</th><th>Run</th><th>Kept</th><th>When</th><th>Read up to</th></tr></thead><tbody>
    ${value.versions.map((/** @type {any} */ one) => html`<tr key=${one.version}><td>${one.version}</td><td>${one.run_id ? html`<a href=${`/runs/${one.run_id}`}>${one.run_id}</a>` : "turned back"}</td><td class="quiet">${one.is_committed ? "committed" : "only began"}</td><td class="quiet"><${Moment} at=${one.at} /></td><td><${Read} read=${one.read} /></td></tr>`)}</tbody></table></div><//>`;
}

/** @param {{read: any[]}} told */
const Read = ({ read }) => (read.length ? html`<ul class="items">${read.map((one) => html`<li key=${one.context}><code>${one.context}</code> ${one.kind === "files" ? html`files until ${toTheSecond(one.until)}${one.remembered ? html` <span class="quiet">and ${counted(one.remembered, "younger one")} by name</span>` : null}` : html`rows up to <code>${one.keys.map((/** @type {string} */ key, /** @type {number} */ at) => `${key} = ${one.last?.[at] ?? "–"}`).join(", ")}</code> <span class="quiet">${one.order === "desc" ? "downward" : "upward"}</span>`}</li>`)}</ul>` : html`<p class="quiet">Nothing yet.</p>`);
