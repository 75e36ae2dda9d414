// @ts-check
// One job: how its tasks fared, when it runs next, what it is told, and what it is.
import { get, NATIVE, OWN, post } from "./api.js";
import { Bookmarks } from "./bookmark.js";
import { exact, language, near, now, startedBy, word } from "./format.js";
import { html, useEffect, useRef, useState } from "./h.js";
import { hear, newer } from "./live.js";
import { Matrix } from "./matrix.js";
import { Act, calmly, Copy, Dialog, Moment, Panel, Phase, Problem, Refusal, say, Took, useAnswer } from "./parts.js";
import { go } from "./router.js";

/** Kinds of triggers that fire when they are told to, and so never rest. */
const FIRED = new Set(["on_demand", "events"]);

/** @param {{id: string}} told */
export function Job({ id }) {
  const job = useAnswer(`job ${id}`, (stop) => get(`${OWN}/jobs/${id}`, {}, stop), `${OWN}/jobs/${id}`);
  const matrix = useAnswer(`matrix ${id}`, (stop) => get(`${OWN}/jobs/${id}/matrix`, {}, stop), `${OWN}/jobs/${id}/matrix`);
  const [starts, setStarts] = useState(false);
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const seen = useRef(/** @type {any[]} */ ([]));
  seen.current = matrix.value?.runs ?? [];
  useEffect(() => {
    const look = calmly(matrix.again, 1000);
    return hear((runs) => { if (newer(runs, seen.current).some((run) => String(run.job_id) === id)) look(); }, () => { job.again(); look(); });
  }, [id]);
  if (job.error && !job.value) {
    return html`<${Refusal} error=${job.error} what="job"><p><a href="/jobs">All jobs</a></p><//>`;
  }
  if (!job.value) return html`<main id="main" aria-busy="true"></main>`;
  const { job: facts, parameters, triggers, may } = job.value;
  const resting = triggers.filter((/** @type {any} */ one) => !FIRED.has(one.kind));
  const isPaused = resting.length > 0 && resting.every((/** @type {any} */ one) => one.is_paused);
  const pause = async () => {
    try { setError(null); await post(`${OWN}/jobs/${id}/pause`, { paused: !isPaused }); say(isPaused ? "The triggers watch again." : "The triggers rest."); job.again(); } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  return html`<main id="main"><div class="heading"><div><p class="over">${language(facts.language)} job</p><h1 dir="auto">${facts.name}</h1></div>
      <div class="actions">${may.pause ? html`<${Act} onClick=${pause}>${isPaused ? "Resume triggers" : "Pause triggers"}<//>` : null}
      ${may.run ? html`<${Act} class="primary" onClick=${() => setStarts(true)}>Run now<//>` : null}</div></div>
    <${Problem} error=${error} />
    <${Panel} title="Tasks × runs" aside=${matrix.value ? html`<span>last ${matrix.value.runs.length} runs</span>` : null}>
      ${matrix.value?.runs.length ? html`<${Matrix} tasks=${matrix.value.tasks} runs=${matrix.value.runs} />` : html`<p class="quiet">This job has not run yet.</p>`}<//>
    <div class="two"><${Schedule} triggers=${triggers} /><${Parameters} parameters=${parameters} /></div>
    ${matrix.value?.runs.length ? html`<${Panel} title="Newest runs" aside=${html`<a href=${`/runs?job=${id}`}>all runs</a>`}><div class="scroll"><table class="list"><thead><tr><th>State</th><th>Run</th><th>Started by</th><th>Asked for</th><th>Took</th></tr></thead><tbody>
      ${matrix.value.runs.slice(0, 8).map((/** @type {any} */ run) => html`<tr key=${run.id}><td><${Phase} phase=${run.phase} /></td><td><a href=${`/runs/${run.id}`}>${run.id}</a></td><td class="quiet">${startedBy(run)}</td><td class="quiet"><${Moment} at=${run.created_at} /></td><td><${Took} run=${run} /></td></tr>`)}</tbody></table></div><//>` : null}
    ${facts.language === "glue" ? html`<${Bookmarks} id=${id} />` : null}
    <${Panel} title="Definition" aside=${html`<span>${facts.tasks.length} task${facts.tasks.length === 1 ? "" : "s"} · as ${language(facts.language)} keeps it</span>`}>
      <details><summary>Show the definition</summary><p class="quiet">What is called like a secret is covered.</p><div class="withcopy"><${Copy} text=${JSON.stringify(facts.settings, null, 2)} label="Copy definition" /><pre class="json" tabindex="0" aria-label="Definition">${JSON.stringify(facts.settings, null, 2)}</pre></div></details><//>
    ${starts ? html`<${RunNow} id=${id} name=${facts.name} parameters=${parameters} close=${() => setStarts(false)} />` : null}</main>`;
}

/** @param {{triggers: any[]}} told */
const Schedule = ({ triggers }) => html`<${Panel} title="Starts by itself">
  ${triggers.length === 0 ? html`<p class="quiet">Only when somebody asks.</p>` : triggers.map((one, place) => html`<div key=${place} class="trigger">
    <p><b>${one.name ?? one.kind.replaceAll("_", " ")}</b> ${one.name ? one.kind.replaceAll("_", " ") : null} ${one.is_paused ? html`<span class="tag">paused</span>` : null} <code>${one.spec.expression ?? one.spec.text ?? ""} ${one.spec.zone ?? one.spec.time_zone ?? ""}</code></p>
    ${one.next.length ? html`<ol class="times">${one.next.map((/** @type {number} */ at) => html`<li key=${at}><time datetime=${new Date(at).toISOString()} title=${exact(at)}>${new Date(at).toLocaleString(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })}</time> <span class="quiet">${near(at, now.value)}</span></li>`)}</ol>` : null}
    ${Object.entries(one.history ?? {}).map(([what, told]) => html`<p key=${what} class="quiet">last ${word(what).replaceAll("_", " ")}: <${Moment} at=${/** @type {any} */ (told).at} /> ${/** @type {any} */ (told).text ?? ""}</p>`)}</div>`)}<//>`;

/** @param {{parameters: any[]}} told */
const Parameters = ({ parameters }) => html`<${Panel} title="Parameters">
  ${parameters.length === 0 ? html`<p class="quiet">It takes none that it names.</p>` : html`<table class="facts"><tbody>${parameters.map((one) => html`<tr key=${one.name}><th scope="row">${one.name}</th><td><code>${String(one.default)}</code></td></tr>`)}</tbody></table>`}<//>`;

/** @param {{id: string, name: string, parameters: any[], close: () => void}} told */
function RunNow({ id, name, parameters, close }) {
  const [values, setValues] = useState(/** @type {Record<string, string>} */ ({}));
  const [extra, setExtra] = useState("");
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const open = parameters.filter((one) => !one.is_fixed);
  const start = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const more = Object.fromEntries(extra.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => { const at = line.indexOf("="); return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]; }));
    try {
      const run = await post(`${NATIVE}/jobs/${id}/runs`, { arguments: { ...values, ...more } });
      go(`/runs/${run.id}`);
    } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  return html`<${Dialog} title=${`Run ${name}`} close=${close}><form onSubmit=${start}>
    ${open.map((one) => html`<label key=${one.name}>${one.name}<input type=${one.is_secret ? "password" : "text"} autocomplete="off" placeholder=${String(one.default)} value=${values[one.name] ?? ""}
      onInput=${(/** @type {any} */ event) => setValues((old) => ({ ...old, [one.name]: event.target.value }))} /></label>`)}
    <label>${open.length ? "Others" : "Parameters"}, one NAME=VALUE a line<textarea rows="3" value=${extra} onInput=${(/** @type {any} */ event) => setExtra(event.target.value)} spellcheck=${false}></textarea></label>
    <p class="quiet">What is left empty keeps the value of the job.</p><${Problem} error=${error} />
    <footer><button type="button" onClick=${close}>Cancel</button><button type="submit" class="primary">Start</button></footer></form><//>`;
}
