// @ts-check
// What came before a run and what followed it, where triggers and workflows make a chain of jobs.
import { html } from "./h.js";
import { Panel, Phase } from "./parts.js";

/** @param {{chain: any}} told */
export function Chain({ chain }) {
  const { before, after, members, trigger, workflow } = chain;
  if (!(before.length || after.length || members.length || trigger || workflow)) return null;
  return html`<${Panel} title="Before and after" class="chain">
    ${trigger ? html`<p>Started by the trigger <b dir="auto">${trigger}</b>${workflow ? html` in <a href=${`/runs/${workflow.run_id}`}>a run of the workflow ${workflow.name}</a>` : null}.</p>` : workflow ? html`<p>Part of <a href=${`/runs/${workflow.run_id}`}>a run of the workflow ${workflow.name}</a>.</p>` : null}
    <${Runs} title="Predecessors" runs=${before} /><${Runs} title="Started by its end" runs=${after} /><${Runs} title="Runs of this workflow" runs=${members} /><//>`;
}

/** @param {{title: string, runs: any[]}} told */
const Runs = ({ title, runs }) => (runs.length ? html`<h3>${title}</h3><ul class="items">${runs.map((run) => html`<li key=${run.id}>${run.is_gone ? html`<span dir="auto">${run.job_name || "run"}</span> <span class="quiet">${run.id} · deleted</span>` : html`<${Phase} phase=${run.phase} /> <a href=${`/runs/${run.id}`} dir="auto">${run.job_name.replace("\n", " ")}</a> <span class="quiet">${run.id}</span>`}</li>`)}</ul>` : null);
