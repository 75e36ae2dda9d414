// @ts-check
// Every job, with its last runs and its next one.
import { first, get, OWN } from "./api.js";
import { counted, language, lasting, startedBy, tookMs, word } from "./format.js";
import { html, useEffect, useRef, useState } from "./h.js";
import { mover } from "./keys.js";
import { hear, newer } from "./live.js";
import { calmly, Empty, Moment, Problem } from "./parts.js";
import { go } from "./router.js";

export function Jobs() {
  const [state, setState] = useState(/** @returns {{jobs: any[], next: any, error: Error | null, isThere: boolean}} */ () => {
    const page = first(`${OWN}/jobs`);
    return page ? filled([], page) : { jobs: [], next: null, error: null, isThere: false };
  });
  const seen = useRef(/** @type {any[]} */ ([]));
  seen.current = state.jobs.flatMap((job) => job.recent);
  const [marked, setMarked] = useState(-1);
  const load = async (/** @type {any[]} */ before) => {
    try {
      const page = await get(`${OWN}/jobs`, { before: before.at(-1)?.id });
      setState(filled(before, page));
    } catch (error) {
      setState((old) => ({ ...old, error: /** @type {Error} */ (error) }));
    }
  };
  useEffect(() => {
    if (!state.isThere) load([]);
    const again = calmly(() => load([]), 3000);
    return hear((runs) => { if (newer(runs, seen.current).some((run) => run.job_id)) again(); }, again);
  }, []);
  mover.move = (step) => {
    const to = Math.min(Math.max(marked + step, 0), state.jobs.length - 1);
    setMarked(to);
    document.querySelectorAll(".jobs tbody tr")[to]?.scrollIntoView({ block: "nearest" });
  };
  mover.open = () => { if (state.jobs[marked]) go(`/jobs/${state.jobs[marked].id}`); };
  if (state.isThere && state.jobs.length === 0) {
    return html`<main id="main"><${Empty} title="No job yet"><p>A job is made by a client: <code>aws glue create-job</code>, <code>databricks jobs create</code>, or their SDKs.</p><//></main>`;
  }
  return html`<main id="main"><h1>Jobs</h1><${Problem} error=${state.error} />
    <div class="scroll" tabindex="0" role="region" aria-label="Jobs"><table class="jobs list"><thead><tr><th>Job</th><th>Language</th><th>Tasks</th><th>Last runs</th><th>Last run</th><th>Next run</th></tr></thead>
    <tbody>${state.jobs.map((job, place) => html`<tr key=${job.id} class=${marked === place ? "marked" : ""}>
      <td class="name"><a href=${`/jobs/${job.id}`} dir="auto">${job.name}</a></td><td class="quiet">${language(job.language)}</td><td class="quiet">${counted(job.tasks, "task")}</td>
      <td><${Recent} runs=${job.recent} /></td>
      <td class="quiet">${job.recent[0] ? html`<${Moment} at=${job.recent[0].created_at} />` : "never"}</td>
      <td class="quiet">${job.is_paused ? "paused" : job.next_at ? html`<${Moment} at=${job.next_at} />` : job.triggers.length ? job.triggers.join(", ").replaceAll("_", " ") : "on request"}</td></tr>`)}</tbody></table></div>
    ${state.next ? html`<button type="button" onClick=${() => load(state.jobs)}>Show more</button>` : null}</main>`;
}

/** @param {any[]} before @param {any} page */
const filled = (before, page) => ({ jobs: [...before, ...page.jobs], next: page.next, error: null, isThere: true });

/** @param {{runs: any[]}} told */
const Recent = ({ runs }) => html`<span class="recent">${[...runs].reverse().map((run) => html`<a key=${run.id} class=${`cell ${run.phase}`} href=${`/runs/${run.id}`}
  aria-label=${`Run ${run.id}: ${word(run.phase)}`} title=${`${word(run.phase)} · ${startedBy(run)} · ${lasting(tookMs(run, Date.now()))}`}></a>`)}</span>`;
