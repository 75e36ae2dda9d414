// @ts-check
// What a run or a task that has not begun waits for, in plain words.
import { counted, isLive, word } from "./format.js";
import { html } from "./h.js";
import { Moment } from "./parts.js";

const MOST = 6;

/** @param {{run: any, waiting: any}} told */
export function Waits({ run, waiting }) {
  if (!isLive(run.phase)) return null;
  const text = waiting ? WAITS[/** @type {"job"} */ (waiting.for)](waiting, run) : null;
  const shown = text ?? (run.reason ? html`${run.reason}` : null);
  return shown ? html`<div class="notice waits" role="note" aria-label="What it waits for">${shown}${waiting?.runs.length ? html` <span class="quiet">Now: ${several(waiting.runs)}</span>` : null}</div>` : null;
}

/** @type {Record<"job" | "place" | "lane", (waiting: any, run: any) => any>} */
const WAITS = {
  job: (waiting) => html`<b>It waits for other runs of its job.</b> ${counted(waiting.count, "run")} of it ${waiting.count === 1 ? "goes" : "go"} on, which is as many as may; ${waiting.ahead ? `${counted(waiting.ahead, "run")} ${waiting.ahead === 1 ? "waits" : "wait"} before this one.` : "this one is next."}`,
  place: (waiting, run) => html`<b>${run.phase === "running" ? "Tasks of it wait" : "It waits"} for a free place of this server.</b> ${counted(waiting.count, "task")} ${waiting.count === 1 ? "holds" : "hold"} the ${counted(waiting.places, "place")} (<code>places</code> in the settings); ${counted(waiting.queued, "task")} ${waiting.queued === 1 ? "waits" : "wait"} in all, first come, first served.`,
  lane: (waiting) => html`<b>It waits for a place in its queue</b> <a href="/dremio">${waiting.lane}</a>, since <${Moment} at=${waiting.since} as="clock" />.`,
};

/** @param {any[]} runs */
const several = (runs) => runs.map((run, at) => html`${at ? ", " : ""}<a key=${run.id} href=${`/runs/${run.id}`} dir="auto">${run.job_name.replace("\n", " ")}</a>`);

/** Why a task of a run has not begun, or never did. @param {{task: any, attempt: any, latest: Map<string, any>, choose: (key: string) => void}} told */
export function TaskWaits({ task, attempt, latest, choose }) {
  const before = task.depends_on ?? [];
  const named = (/** @type {string[]} */ keys) => html`${keys.slice(0, MOST).map((key, at) => html`${at ? ", " : ""}<button type="button" class="link" key=${key} onClick=${() => choose(key)} dir="auto">${key}</button> <span class="quiet">(${word(latest.get(key)?.phase ?? "not yet made")})</span>`)}${keys.length > MOST ? html` and ${counted(keys.length - MOST, "other")}` : null}`;
  const open = before.filter((/** @type {string} */ key) => isLive(latest.get(key)?.phase ?? "blocked"));
  if (attempt.phase === "blocked") {
    return html`<p class="wide">${open.length ? html`It waits for ${named(open)}.` : before.length ? "It begins as soon as the run lets it." : "It begins once the run as a whole may."}</p>`;
  }
  if (["upstream_failed", "excluded"].includes(attempt.phase)) return html`<p class="wide">It did not run. It depends on ${named(before)}${task.run_if ? html`, and runs if ${String(task.run_if).toLowerCase().replaceAll("_", " ")}` : null}.</p>`;
  return attempt.phase === "queued" ? html`<p class="wide">It waits for a free place of this server.</p>` : null;
}
