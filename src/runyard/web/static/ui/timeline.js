// @ts-check
// When each task waited, was made ready and ran, on one axis.
import { clock, lasting, now, word } from "./format.js";
import { html } from "./h.js";

const TICKS = 5;

/** @param {{run: any, attempts: any[], chosen: string, choose: (key: string) => void}} told */
export function Timeline({ run, attempts, chosen, choose }) {
  const seen = run.ended_at ?? now.value;
  const from = run.created_at;
  const span = Math.max(1, seen - from);
  const at = (/** @type {number} */ moment) => `${Math.min(100, Math.max(0, ((moment - from) / span) * 100))}%`;
  const wide = (/** @type {number} */ begin, /** @type {number} */ end) => `${Math.max(0, ((Math.min(end, seen) - begin) / span) * 100)}%`;
  /** @type {Map<string, any[]>} */
  const rows = new Map();
  for (const one of attempts) rows.set(one.task_key, [...(rows.get(one.task_key) ?? []), one]);
  const ordered = [...rows].sort((one, other) => began(one[1][0]) - began(other[1][0]));
  /** @type {Map<string, string[]>} */
  const before = new Map(run.tasks.map((/** @type {any} */ task) => [task.key, task.depends_on ?? []]));
  const ends = new Map(attempts.map((one) => [one.task_key, one.ended_at ?? seen]));
  const freeOf = (/** @type {string} */ key) => Math.max(0, ...(before.get(key) ?? []).map((one) => ends.get(one) ?? 0));
  return html`<div class="timeline"><div class="ticks" aria-hidden="true">${Array.from({ length: TICKS }, (_, place) => html`<span key=${place}>${place ? lasting((span * place) / (TICKS - 1)) : clock(from)}</span>`)}</div>
    <div role="list" aria-label="Timeline of tasks">${ordered.map(([key, tries]) => { const free = freeOf(key); return html`<div role="listitem" key=${key} class=${`line ${key === chosen ? "chosen" : ""}`}>
      <button type="button" class="plain name" onClick=${() => choose(key)} title=${key} dir="auto">${key}</button>
      <div class="track">${tries.flatMap((one) => parts(one, seen, free).map((part) => html`<span key=${`${one.id}${part.name}`} class=${`part ${part.name} ${one.phase}`}
        title=${`${key}${one.number ? ` (try ${one.number + 1})` : ""}: ${part.told} ${lasting(part.end - part.begin)}`} style=${{ left: at(part.begin), width: wide(part.begin, part.end) }}></span>`))}</div>
      <span class="took quiet">${told(tries.at(-1), seen)}</span></div>`; })}</div>
    <p class="legend quiet"><i class="part waits"></i> waited for a place <i class="part setup"></i> was made ready <i class="part ran succeeded"></i> ran</p></div>`;
}

/** What never got a place comes last, in the order in which it was made. @param {any} one */
const began = (one) => one.taken_at ?? one.created_at + 1e12;

/** What of an attempt is drawn; while it waits for other tasks, nothing is. @param {any} one @param {number} seen @param {number} free */
function parts(one, seen, free) {
  const end = one.ended_at ?? seen;
  const taken = one.taken_at ?? end;
  const running = one.running_at ?? end;
  return [
    { name: "waits", told: "waited for a place for", begin: Math.max(one.created_at, one.number ? 0 : free), end: one.taken_at || !one.ended_at ? Math.min(taken, end) : 0 },
    { name: "setup", told: "was made ready for", begin: taken, end: Math.min(running, end) },
    { name: "ran", told: `${word(one.phase)} after`, begin: running, end },
  ].filter((part) => part.end > part.begin || part.name === "ran" && one.running_at);
}

/** @param {any} one @param {number} seen */
const told = (one, seen) => (one.running_at ? lasting((one.ended_at ?? seen) - one.running_at) : word(one.phase));
