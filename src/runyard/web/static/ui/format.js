// @ts-check
// Words and numbers as people read them.
import { signal } from "./h.js";

/** The time, once a second: what runs grows before one's eyes. */
export const now = signal(Date.now());
setInterval(() => { if (!document.hidden) now.value = Date.now(); }, 1000);

const LIVE = new Set(["blocked", "queued", "starting", "running", "stopping", "retrying"]);
/** @param {string} phase */
export const isLive = (phase) => LIVE.has(phase);

/** @type {Record<string, string>} */
const WORDS = {
  blocked: "waiting for tasks", timed_out: "timed out", upstream_failed: "upstream failed", excluded: "not needed",
};
export const PHASES = ["queued", "starting", "running", "stopping", "retrying", "succeeded", "failed", "timed_out",
  "cancelled", "skipped", "crashed"];
/** @param {string} phase */
export const word = (phase) => WORDS[phase] ?? phase;

/** @type {Record<string, string>} */
const TRIGGERS = {
  cron: "schedule", schedule: "schedule", periodic: "schedule", aws_schedule: "schedule", file_arrival: "file arrival",
  table_update: "table update", job_completion: "after another job", run_job: "task of a job", task: "code of a task",
  continuous: "continuous", continuous_restart: "continuous", conditional: "trigger", on_demand: "trigger", retry: "retry",
};
/** @param {any} run */
export const startedBy = (run) => {
  const kind = run.started_by?.kind;
  return kind ? TRIGGERS[kind] ?? kind.replaceAll("_", " ") : "request";
};

/** @param {number} ms */
export function lasting(ms) {
  if (ms < 0) return "0 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const NEAR = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** @param {number} at @param {number} seen */
export function near(at, seen) {
  const seconds = Math.round((at - seen) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return seconds > 0 ? "in a moment" : "just now";
  if (size < 60) return NEAR.format(seconds, "second");
  if (size < 3600) return NEAR.format(Math.round(seconds / 60), "minute");
  if (size < 86400) return NEAR.format(Math.round(seconds / 3600), "hour");
  return seconds > 0 ? NEAR.format(Math.round(seconds / 86400), "day") : DAY.format(at);
}
/** @param {number} at */
export const clock = (at) => CLOCK.format(at);
/** @param {number} at */
export const dayAndClock = (at) => DAY.format(at);
const SECOND = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** @param {number} at */
export const toTheSecond = (at) => SECOND.format(at);
/** The exact instant, in the reader's zone and in UTC. @param {number} at */
export const exact = (at) => `${WHOLE.format(at)}\n${new Date(at).toISOString()}`;

/** How long a run took, or has taken so far; its waiting is not part of it. @param {any} run @param {number} seen */
export function tookMs(run, seen) {
  if (run.running_at === undefined && run.ended_at !== undefined) return 0;
  return (run.ended_at ?? seen) - (run.running_at ?? run.created_at);
}

const UNITS = ["bytes", "kB", "MB", "GB"];
/** @param {number} bytes */
export function size(bytes) {
  let unit = 0;
  while (bytes >= 1000 && unit < UNITS.length - 1) { bytes /= 1000; unit += 1; }
  return `${unit ? bytes.toFixed(1) : bytes} ${UNITS[unit]}`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${count.toLocaleString()} ${count === 1 ? one : many}`;
