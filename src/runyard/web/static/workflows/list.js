// @ts-check
// Runs of Arazzo documents, newest first: those a command recorded, and those that are tasks of jobs here.
import { get, OWN } from "../ui/api.js";
import { html, useEffect, useState } from "../ui/h.js";
import { mover } from "../ui/keys.js";
import { hear } from "../ui/live.js";
import { calmly, Command, Empty, Moment, Phase, Problem, Took } from "../ui/parts.js";
import { ask, go, place } from "../ui/router.js";

const TASK = '{"task_key": "flow", "arazzo_task": {"document": "/Workspace/flow.arazzo.yaml", "inputs": {"jobId": "1"}}}';

export function Workflows() {
  const [state, setState] = useState(/** @type {any} */ ({ rows: [], next: null, searchedTo: null, error: null, isThere: false }));
  const [marked, setMarked] = useState(-1);
  const text = (place.value.query.text ?? "").toLowerCase();
  const load = async (/** @type {any[]} */ before, /** @type {number | undefined} */ from) => {
    try {
      const page = await get(`${OWN}/workflows`, { before: from });
      setState({ rows: [...before, ...page.workflows], next: page.next ?? null, searchedTo: page.searched_to, error: null, isThere: true });
    } catch (error) {
      setState((/** @type {any} */ old) => ({ ...old, error }));
    }
  };
  useEffect(() => {
    load([], undefined);
    const again = calmly(() => load([], undefined), 2000);
    return hear(again, again);
  }, []);
  useEffect(() => { if (state.isThere && state.next && state.rows.length < 20) load(state.rows, state.next); }, [state.next]); // what few runs are is looked for on
  const rows = state.rows.filter((/** @type {any} */ one) => !text || [one.job_name, one.title, ...one.documents].some((word) => word.toLowerCase().includes(text)));
  mover.move = (step) => {
    const to = Math.min(Math.max(marked + step, 0), rows.length - 1);
    setMarked(to);
    document.querySelectorAll(".flows tbody tr")[to]?.scrollIntoView({ block: "nearest" });
  };
  mover.open = () => { if (rows[marked]) go(`/workflows/${rows[marked].id}`); };
  if (state.isThere && !state.next && state.rows.length === 0) return html`<main id="main"><h1 class="unseen">Workflows</h1><${FirstSteps} /></main>`;
  return html`<main id="main"><h1>Workflows</h1><${Problem} error=${state.error} />
    <div class="filters" role="search"><input type="search" data-search placeholder="Find a workflow or document   /" aria-label="Find a workflow or document" value=${place.value.query.text ?? ""} onInput=${(/** @type {any} */ event) => ask({ text: event.target.value })} /></div>
    ${rows.length ? html`<div class="scroll" tabindex="0" role="region" aria-label="Workflows"><table class="flows jobs list"><thead><tr><th>State</th><th>Workflow</th><th>Document</th><th>Run as</th><th>Asked for</th><th>Took</th></tr></thead>
      <tbody>${rows.map((/** @type {any} */ one, /** @type {number} */ at) => html`<tr key=${one.id} class=${at === marked ? "marked" : ""}><td><${Phase} phase=${one.phase} /></td><td class="name"><a href=${`/workflows/${one.id}`} dir="auto">${one.job_name}</a></td>
        <td class="quiet message" dir="auto">${one.title ? html`${one.title}<br />` : null}${one.documents.map((/** @type {string} */ name) => name.split("/").at(-1)).join(", ")}</td><td class="quiet">${one.is_recorded ? "recorded command" : "task of a job"}</td><td class="quiet"><${Moment} at=${one.created_at} /></td><td><${Took} run=${one} /></td></tr>`)}</tbody></table></div>`
      : html`<p class="quiet" role="status">${!state.isThere ? "Looking …" : state.next ? "None so far." : "No workflow is called so."}</p>`}
    ${state.next ? html`<p><button type="button" onClick=${() => load(state.rows, state.next)}>Look further back</button> ${state.searchedTo ? html`<span class="quiet">so far back to <${Moment} at=${state.searchedTo} /></span>` : null}</p>` : null}</main>`;
}

const FirstSteps = () => html`<${Empty} title="No workflow yet">
  <p>A workflow of an Arazzo document appears here when a command records its run, with each step, request and response:</p>
  <${Command} text="runyard arazzo run flow.arazzo.yaml -i jobId=1 --record" />
  <p>or when a Databricks job of this server has a task that runs a document:</p><${Command} text=${TASK} />
  <p class="quiet">Secrets are masked before anything is kept.</p><//>`;
