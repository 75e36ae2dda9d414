// @ts-check
// How the page has a text run: begun, looked at until it has ended, and ended early when somebody says so.
import { ask, get, OWN, post, query, Refused, session } from "../ui/api.js";
import { signal } from "../ui/h.js";

export const SQL = `${OWN}/sql`;
const LOOK_S = 20; // how long the server may keep a question open
const AGAIN_MS = 1000;
const MOST_KEPT = 100; // texts of the history
const LONGEST_KEPT = 20_000;

/** What came of the newest text: its statements, as the server tells of them. */
export const result = signal(/** @type {any} */ (null));
export const problem = signal(/** @type {Error | null} */ (null));
export const isAsking = signal(false);
/** The texts that were run, newest first; they stay in this browser. */
export const history = signal(/** @type {any[]} */ ([]));

let turn = 0;
let unwanted = 0; // the turn that somebody cancelled before the server had answered

/** @param {string} text @param {{limit?: string, explain?: boolean}} how */
export async function run(text, { limit, explain = false }) {
  const mine = begin();
  const began = Date.now();
  try {
    const told = await post(`${SQL}/runs`, { text, explain, ...(Number(limit) > 0 ? { limit_s: Number(limit) } : {}) });
    await follow(told, mine);
  } catch (error) {
    if (mine === turn) problem.value = /** @type {Error} */ (error);
  } finally {
    if (mine === turn) {
      isAsking.value = false;
      if (!explain) remember(text, began);
    }
  }
}

/** Look at a result that the server still has, as after the page was loaded again; gives its text. @param {string} id @returns {Promise<string | null>} */
export async function find(id) {
  const mine = begin();
  try {
    const told = await get(`${SQL}/runs/${id}`, { with_text: true });
    follow(told, mine).catch((error) => { problem.value = error; }).finally(() => { if (mine === turn) isAsking.value = false; });
    return told.text;
  } catch (error) {
    if (mine === turn && !(error instanceof Refused && error.status === 404)) problem.value = /** @type {Error} */ (error);
    if (mine === turn) isAsking.value = false;
    return null;
  }
}

export async function cancel() {
  const id = result.value?.id;
  if (id) {
    try { await post(`${SQL}/runs/${id}/cancel`); } catch (error) { problem.value = /** @type {Error} */ (error); }
  } else if (unwanted === turn) { // who says it twice does not want to wait for the answer either
    turn += 1;
    isAsking.value = false;
  } else unwanted = turn;
}

/** @param {number} statement @param {number} start @param {number} limit @param {{whole?: boolean, ahead?: number, stop?: AbortSignal}} [how] */
export const rows = (statement, start, limit, { whole, ahead, stop } = {}) => get(`${SQL}/runs/${result.value.id}/rows`, { statement, start, limit, ahead, whole: whole || undefined }, stop).catch((error) => { throw gone(error); });

/** @param {number} statement @param {string} form */
export const file = (statement, form) => `${SQL}/runs/${result.value.id}/file${query({ statement, form })}`;

export const kept = () => get(`${OWN}/queries`).then((told) => told.queries);
/** @param {{name: string, text: string, chart: any}} words */
export const keep = (words) => post(`${OWN}/queries`, words);
/** @param {string} name */
export const forget = (name) => ask("DELETE", `${OWN}/queries`, { name });

function begin() {
  turn += 1;
  isAsking.value = true;
  problem.value = null;
  result.value = null;
  return turn;
}

/** @param {any} told @param {number} mine */
async function follow(told, mine) {
  if (mine === unwanted && told.state === "running") told = await post(`${SQL}/runs/${told.id}/cancel`);
  for (;;) {
    if (mine !== turn) return;
    result.value = told;
    if (told.state !== "running") return;
    try {
      told = await get(`${SQL}/runs/${told.id}`, { seen: told.version, wait_s: LOOK_S });
    } catch (error) {
      if (!(error instanceof Refused) || (error.status !== 0 && error.status !== 503)) throw gone(error);
      await new Promise((on) => setTimeout(on, AGAIN_MS)); // the server is away for a moment
    }
  }
}

/** @param {any} error */
const gone = (error) => (error?.status === 404 ? new Error("The server no longer has this result: it was started again, or nobody looked for half an hour, and its results are gone. Run the text again.") : error);

const shelf = () => `runyard.sql.${session.value?.workspace ?? ""}.${session.value?.user ?? ""}`;

export function recall() {
  try { history.value = JSON.parse(localStorage.getItem(shelf()) ?? "[]"); } catch { history.value = []; }
}

/** @param {string} text @param {number} at */
function remember(text, at) {
  if (!text.trim() || text.length > LONGEST_KEPT) return;
  const told = result.value?.statements.at(-1);
  const one = { text, at, state: problem.value ? "failed" : result.value?.state ?? "failed", tag: told?.tag ?? "", took_ms: Date.now() - at };
  write([one, ...history.value.filter((old) => old.text !== text)].slice(0, MOST_KEPT));
}

export const clearHistory = () => write([]);

/** @param {any[]} texts */
function write(texts) {
  history.value = texts;
  try { localStorage.setItem(shelf(), JSON.stringify(texts)); } catch { /* a browser that keeps nothing */ }
}
