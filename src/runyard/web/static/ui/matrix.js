// @ts-check
// Tasks by runs: how each task fared in the newest runs of a job, under bars of how long the runs took.
import { dayAndClock, isLive, lasting, now, tookMs, word } from "./format.js";
import { html, useEffect, useRef } from "./h.js";

const HIGH = 56;

/** @param {{tasks: string[], runs: any[]}} told */
export function Matrix({ tasks, runs }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const columns = [...runs].reverse();
  useEffect(() => { if (box.current) box.current.scrollLeft = box.current.scrollWidth; }, [runs.length]);
  const seen = columns.some((run) => isLive(run.phase)) ? now.value : 0;
  const longest = Math.max(1, ...columns.map((run) => tookMs(run, seen)));
  return html`<div class="matrix" ref=${box} tabindex="0" role="region" aria-label="Tasks by runs"><table>
    <thead><tr><th scope="col"><span class="quiet">${lasting(longest)}</span></th>${columns.map((run) => html`<th key=${run.id} scope="col">
      <a href=${`/runs/${run.id}`} title=${`${word(run.phase)} · ${dayAndClock(run.created_at)} · ${lasting(tookMs(run, seen))}`} aria-label=${`Run ${run.id}: ${word(run.phase)}`}>
      <span class=${`bar ${run.phase}`} style=${{ height: `${Math.max(3, (tookMs(run, seen) / longest) * HIGH)}px` }}></span></a></th>`)}</tr></thead>
    <tbody>${tasks.map((task) => html`<tr key=${task}><th scope="row" title=${task} dir="auto">${task}</th>${columns.map((run) => html`<td key=${run.id}><${Cell} run=${run} task=${task} /></td>`)}</tr>`)}</tbody>
  </table></div>`;
}

/** @param {{run: any, task: string}} told */
function Cell({ run, task }) {
  const cell = run.cells[task];
  if (!cell) return html`<span class="cell none" title=${`${task} was no part of run ${run.id}`}></span>`;
  const took = cell.running_at && cell.ended_at ? ` · ${lasting(cell.ended_at - cell.running_at)}` : "";
  const tries = cell.attempts > 1 ? ` · ${cell.attempts} tries` : "";
  return html`<a class=${`cell ${cell.phase}`} href=${`/runs/${run.id}?task=${encodeURIComponent(task)}`} title=${`${task}: ${word(cell.phase)}${took}${tries}`}
    aria-label=${`${task} in run ${run.id}: ${word(cell.phase)}`} tabindex="-1">${cell.attempts > 1 ? html`<i></i>` : null}</a>`;
}
