// @ts-check
// The server as it runs: its processes, what holds and waits for its places, and its settings.
import { counted, size } from "../ui/format.js";
import { html, useState } from "../ui/h.js";
import { Moment, Panel, Phase } from "../ui/parts.js";

/** What each kind of process is for. @type {Record<string, string>} */
const PURPOSES = {
  runyard: "the server", "runyard-launch": "starts jobs, and outlives the server", "runyard-zygote": "interpreters that children are forked from",
  "runyard-child": "forked, and waiting for a job", "runyard-sql": "speaks SQL", "runyard-flight": "speaks Arrow Flight",
};

/** @param {{told: any}} told */
export function Processes({ told }) {
  const { server, launcher, processes } = told;
  /** @type {Map<string, any[]>} */
  const kinds = new Map();
  for (const one of processes) kinds.set(one.name, [...(kinds.get(one.name) ?? []), one]);
  return html`<${Panel} title="Server and workers" aside=${html`<span>version ${server.version}</span>`}>
    <p><span class=${`signal ${launcher ? "live" : "lost"}`}><i></i></span>${launcher
      ? html`The launcher (process ${launcher.pid}) answered in ${launcher.answered_ms} ms; it watches over ${counted(launcher.active, "attempt")}.`
      : html`<b>The launcher does not answer.</b> A new one is started with the next job; its log is in <code>${server.home}/launcher/log</code>.`}</p>
    <p class="quiet">Process ${server.pid} serves <code>${server.home}</code> at <code>${server.url}</code>${server.since ? html`, since <${Moment} at=${server.since} />` : null}.</p>
    ${kinds.size ? html`<div class="scroll" tabindex="0" role="region" aria-label="Processes"><table class="list"><thead><tr><th>Process</th><th>Is</th><th class="number">How many</th><th class="number">Memory</th><th>Since</th></tr></thead><tbody>
      ${[...kinds].map(([name, some]) => html`<${Kind} key=${name} name=${name} some=${some} />`)}</tbody></table></div>` : html`<p class="quiet">This system tells nothing of processes.</p>`}<//>`;
}

/** @param {{name: string, some: any[]}} told */
const Kind = ({ name, some }) => html`<tr><td class="name">${name}</td><td class="quiet">${PURPOSES[name] ?? "a job"}</td><td class="number">${some.length}</td>
  <td class="number">${size(some.reduce((sum, one) => sum + one.memory, 0))}</td><td class="quiet"><${Moment} at=${Math.min(...some.map((one) => one.since))} /></td></tr>`;

/** @param {{told: any}} told */
export function Work({ told }) {
  const { places, load } = told.queue;
  const busy = load.on_process ?? 0;
  return html`<${Panel} title="Queue" aside=${html`<span>${busy} of ${counted(places, "place")} taken · ${load.waiting ? `${load.waiting} begun and waiting without one · ` : ""}${load.queued ?? 0} waiting for one · ${load.retrying ?? 0} to be tried again</span>`}>
    ${told.work.length ? html`<div class="scroll" tabindex="0" role="region" aria-label="What is at work"><table class="list"><thead><tr><th>State</th><th>Run</th><th>Task</th><th>Since</th></tr></thead><tbody>
      ${told.work.map((/** @type {any} */ one) => html`<tr key=${`${one.run} ${one.task}`}><td><${Phase} phase=${one.phase} /></td><td><a href=${`/runs/${one.run}`}>${one.run}</a></td><td dir="auto">${one.task} ${one.holds_place ? null : html`<span class="tag" title="It waits for its turn in a queue, or for a run, and has given its place to others">no place</span>`}</td><td class="quiet"><${Moment} at=${one.since} /></td></tr>`)}</tbody></table></div>`
      : html`<p class="quiet">Nothing holds a place now.</p>`}<//>`;
}

/** A setting as settings.toml may write it, what stands in tables by dotted keys. @param {any} value @param {string} [at] @returns {string[]} */
function written(value, at = "") {
  const inside = value && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : [];
  if (inside.length) return inside.flatMap(([key, one]) => written(one, at ? `${at}.${key}` : key));
  return [at ? `${at} = ${JSON.stringify(value)}` : JSON.stringify(value)];
}

/** @param {{rows: any[]}} told */
export function Settings({ rows }) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.filter((one) => one.is_set);
  return html`<${Panel} title="Settings in force" aside=${html`<span class="tabs" role="group" aria-label="Which settings"><button type="button" class="small" aria-pressed=${!all} onClick=${() => setAll(false)}>Set here</button><button type="button" class="small" aria-pressed=${all} onClick=${() => setAll(true)}>All</button></span>`}>
    ${shown.length ? html`<table class="facts"><tbody>${shown.map((one) => html`<tr key=${one.name}><th scope="row"><code>${one.name}</code></th><td>${written(one.value).map((line) => html`<div key=${line}><code>${line}</code></div>`)}${one.is_set ? html`<span class="tag">set</span>` : null}</td></tr>`)}</tbody></table>` : html`<p class="quiet">Nothing is set: everything is as it comes.</p>`}
    <p class="quiet">They stand in <code>settings.toml</code> of the home and are read when the server starts. What may be a secret is not shown.</p><//>`;
}
