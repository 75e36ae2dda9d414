// @ts-check
// What the server tells by itself: changed runs. Lost connections come back and catch up from the last event.
import { OWN, query, session, told, whoIsThere } from "./api.js";
import { signal } from "./h.js";

/** "connecting", "live" or "lost". */
export const connection = signal("connecting");
export const isOutdated = signal(false);

const OWN_VERSION = new URL(import.meta.url).pathname.split("/")[2];
const AGAIN_MS = [500, 1000, 2000, 5000];
const REST_MS = 10_000; // how long a page that nobody sees keeps its stream: all tabs share six connections to a server
const GLANCE_MS = 60_000; // how often it looks for itself after that, for its title's sake

/** @type {Set<(runs: any[]) => void>} */
const onRuns = new Set();
/** @type {Set<() => void>} */
const onAfresh = new Set();
/** @type {EventSource | null} */
let source = null;
let lastId = told.last ?? ""; // what changes while the page comes is heard too
let tries = 0;
let rest = 0;
let glance = 0;

/**
 * Hear of changed runs, and of the moments when everything must be looked at again; returns how to stop.
 * @param {(runs: any[]) => void} runs @param {() => void} afresh
 */
export function hear(runs, afresh) {
  onRuns.add(runs);
  onAfresh.add(afresh);
  return () => { onRuns.delete(runs); onAfresh.delete(afresh); };
}

/** Those of the runs that are told of which are newer than what is shown of them. @param {any[]} runs @param {any[]} shown */
export function newer(runs, shown) {
  const known = new Map(shown.map((run) => [run.id, run.updated_at]));
  return runs.filter((run) => !(known.get(run.id) >= run.updated_at));
}

/** Wait until somebody sees the page; at once if somebody does. @returns {Promise<void>} */
export const seen = () => new Promise((done) => {
  if (!document.hidden) { done(); return; }
  document.addEventListener("visibilitychange", () => done(seen()), { once: true });
});

document.addEventListener("visibilitychange", () => {
  clearTimeout(rest);
  if (document.hidden) rest = setTimeout(doze, REST_MS);
  else if (session.value && !source) connect();
});

function doze() {
  disconnect();
  glance = setInterval(() => { for (const tell of onAfresh) tell(); }, GLANCE_MS);
}

/** Hear what the server tells, as long as somebody sees the page. */
export function connect() {
  disconnect();
  if (document.hidden) { doze(); return; }
  const opened = new EventSource(`${OWN}/events${query({ last: lastId })}`);
  source = opened;
  opened.addEventListener("hello", (event) => {
    lastId ||= event.lastEventId;
    isOutdated.value = JSON.parse(event.data).version !== OWN_VERSION;
    if (connection.value === "lost") for (const tell of onAfresh) tell();
    connection.value = "live";
    tries = 0;
  });
  opened.addEventListener("runs", (event) => {
    lastId = event.lastEventId;
    const { runs } = JSON.parse(event.data);
    for (const tell of onRuns) tell(runs);
  });
  opened.addEventListener("afresh", () => { for (const tell of onAfresh) tell(); });
  opened.addEventListener("error", () => {
    if (source !== opened) return;
    connection.value = "lost";
    if (opened.readyState === EventSource.CLOSED) later();
  });
}

function later() {
  const wait = AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)];
  tries += 1;
  setTimeout(async () => {
    try {
      await whoIsThere();
    } catch {
      later(); // the server is away
      return;
    }
    if (session.value) connect();
  }, wait);
}

export function disconnect() {
  clearInterval(glance);
  source?.close();
  source = null;
}
