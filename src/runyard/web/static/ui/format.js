// @ts-check
// Words and numbers as people read them.
import { signal } from "./h.js";

/** The time, once a second: what runs grows before one's eyes. */
export const now = signal(Date.now());
setInterval(() => { if (!document.hidden) now.value = Date.now(); }, 1000);

const LIVE = new Set(["blocked", "queued", "starting", "waiting", "running", "stopping", "retrying"]);
/** @param {string} phase */
export const isLive = (phase) => LIVE.has(phase);

/** What people call the languages. @type {Record<string, string>} */
export const LANGUAGES = { glue: "AWS Glue", databricks: "Databricks", dremio: "Dremio", native: "runyard" };
/** @param {string} name */
export const language = (name) => LANGUAGES[name] ?? name;

/** @type {Record<string, string>} */
const WORDS = {
  blocked: "waiting for tasks", timed_out: "timed out", upstream_failed: "upstream failed", excluded: "not needed",
  goes_on: "goes on",
};
export const PHASES = ["queued", "starting", "running", "stopping", "retrying", "succeeded", "failed", "timed_out",
  "cancelled", "skipped", "crashed"];
/** @param {string} phase */
export const word = (phase) => WORDS[phase] ?? phase;
/** The phase as people see it: what has a process that waits for its turn does not run yet. @param {any} one a run or an attempt */
export const seenPhase = (one) => (one.phase === "running" && one.waits_since ? "waiting" : one.phase);

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
  if (minutes < 60) return joined(minutes, "min", Math.floor(seconds % 60), "s");
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? joined(hours, "h", minutes % 60, "min") : joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** @param {number} whole @param {string} unit @param {number} rest @param {string} smaller */
const joined = (whole, unit, rest, smaller) => `${whole} ${unit}${rest ? ` ${rest} ${smaller}` : ""}`;

/** What writes moments so; making it costs as much as drawing rows, so that it is made when it is used first. @param {Intl.DateTimeFormatOptions} shape */
function moment(shape) {
  /** @type {Intl.DateTimeFormat | undefined} */
  let made;
  return () => (made ??= new Intl.DateTimeFormat(undefined, shape));
}
const DAY = moment({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const CLOCK = moment({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const WHOLE = moment({ dateStyle: "full", timeStyle: "long" });
const SECOND = moment({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Units of time, each with its seconds. @type {[string, number][]} */
const TIMES = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

/** How long ago a moment is, or how far ahead; those long past by their date. @param {number} at @param {number} seen */
export function near(at, seen) {
  const seconds = Math.round((at - seen) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return seconds > 0 ? "in a moment" : "just now";
  const [unit, length] = TIMES.find(([, one]) => size >= one) ?? TIMES[3];
  if (seconds < 0) return unit === "d" ? DAY().format(at) : `${Math.round(size / length)} ${unit} ago`;
  return `in ${Math.round(size / length)} ${unit}`;
}

const LEFTWARD = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
/** Which way a text may run; finding it out costs a browser more than all else of a row. @param {string} text */
export const direction = (text) => (LEFTWARD.test(text) ? "auto" : undefined);
/** @param {number} at */
export const clock = (at) => CLOCK().format(at);
/** @param {number} at */
export const dayAndClock = (at) => DAY().format(at);
/** @param {number} at */
export const toTheSecond = (at) => SECOND().format(at);
/** The exact instant, in the reader's zone and in UTC. @param {number} at */
export const exact = (at) => `${WHOLE().format(at)}\n${new Date(at).toISOString()}`;

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
