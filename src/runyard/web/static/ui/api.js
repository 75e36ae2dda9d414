// @ts-check
// How the pages ask the server: our own language where it can tell, the console's endpoints for the rest.
import { signal } from "./h.js";

export const OWN = "/console/v1";
export const NATIVE = "/runyard/v1";

/** What the server said with the page: who is there, the pages that there are, the last event before. @type {any} */
export const told = JSON.parse(document.getElementById("told")?.textContent ?? "{}");

/** Who is signed in: undefined until it is known, null for nobody. */
export const session = signal(/** @type {any} */ (known(told.session)));

const RANK = { viewer: 0, operator: 1, admin: 2 };

/** Whether who is signed in may do what needs a role: "viewer", "operator" or "admin". @param {string} need */
export const may = (need) => RANK[/** @type {"viewer"} */ (session.value?.role ?? "viewer")] >= RANK[/** @type {"viewer"} */ (need)];

/** Why not; empty if they may. @param {string} need */
export const whyNot = (need) => (may(need) ? "" : `This needs the role ${need}; ${session.value?.user ?? "nobody"} is ${session.value?.role ?? "not signed in"}.`);

/** What the server refused, in its own words. */
export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {Record<string, any>} [words] */
export function query(words = {}) {
  const given = Object.entries(words).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}

/** Changes that were asked for and not answered yet. @type {Map<string, Promise<any>>} */
const underWay = new Map();

/**
 * Ask the server; a change that is under way is not asked for again, as by a double click.
 * @param {string} method @param {string} path @param {any} [body] @param {AbortSignal} [stop]
 * @returns {Promise<any>}
 */
export function ask(method, path, body, stop) {
  if (method === "GET") return sent(method, path, body, stop);
  const change = JSON.stringify([method, path, body]);
  const known = underWay.get(change) ?? sent(method, path, body, stop).finally(() => underWay.delete(change));
  underWay.set(change, known);
  return known;
}

/**
 * @param {string} method @param {string} path @param {any} [body] @param {AbortSignal} [stop]
 * @returns {Promise<any>}
 */
async function sent(method, path, body, stop) {
  /** @type {Record<string, string>} */
  const headers = method === "GET" ? {} : { "x-runyard-console": "1" };
  if (body !== undefined) headers["content-type"] = "application/json";
  let reply;
  try {
    reply = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: stop });
  } catch (error) {
    if (stop?.aborted) throw error;
    throw new Refused(0, `The server does not answer. It may be restarting; ${method === "GET" ? "this page tries again by itself" : "try again when it is back"}.`);
  }
  const answer = await reply.json().catch(() => ({}));
  if (reply.ok) return answer;
  if (reply.status === 401 && answer.error !== "wrong_password") session.value = null;
  throw new Refused(reply.status, answer.message ?? `The server answered ${reply.status}.`);
}

/** What the browser was told to ask for ahead of any code; each answer is good once. @type {Map<string, {answer: Promise<any>, value?: any}>} */
const early = new Map([...document.querySelectorAll("link[as=fetch]")].map((link) => {
  const path = link.getAttribute("href") ?? "";
  /** @type {{answer: Promise<any>, value?: any}} */
  const one = { answer: ask("GET", path) };
  one.answer.then((value) => { one.value = value; }, () => {}); // whoever asks for it is told
  return [path, one];
}));

/** Wait for what was asked for ahead, or as long as nobody notices. @param {number} ms */
export const arrived = (ms) => Promise.race([Promise.allSettled([...early.values()].map((one) => one.answer)), new Promise((done) => { setTimeout(done, ms); })]);

/** What came ahead for a path, if it did. @param {string} path */
export function first(path) {
  const value = early.get(path)?.value;
  if (value !== undefined) early.delete(path);
  return value;
}

/** @param {string} path @param {Record<string, any>} [words] @param {AbortSignal} [stop] */
export function get(path, words, stop) {
  const whole = path + query(words);
  const one = early.get(whole);
  early.delete(whole);
  return one?.answer ?? ask("GET", whole, undefined, stop);
}

/** @param {string} path @param {any} [body] */
export const post = (path, body = {}) => ask("POST", path, body);

/** @param {any} who */
function known(who) { return who ? (who.user ? who : null) : undefined; }

export async function whoIsThere() { session.value = known(await get(`${OWN}/session`)); }

/** Pages in other tabs share the cookie: whoever signs in or out, or goes elsewhere, tells them. */
const others = new BroadcastChannel("session");
others.addEventListener("message", async () => {
  const was = session.value;
  await whoIsThere().catch(() => {}); // the server is away; who is asked for next says who is there
  const now = session.value;
  if (was && now && (was.user !== now.user || was.workspace !== now.workspace)) location.reload();
});

/** @param {string} method @param {any} [given] */
async function enter(method, given) {
  await ask(method, `${OWN}/session`, given);
  others.postMessage(method);
}

/** @param {{user?: string, password?: string, ticket?: string}} given */
export async function signIn(given) {
  await enter("POST", given);
  await whoIsThere();
}

/** @param {string} password @param {string} next */
export const changePassword = (password, next) => post(`${OWN}/session`, { password, new_password: next });

/** Go on in another workspace; everything is looked at anew. @param {string} workspace */
export async function goTo(workspace) {
  await enter("POST", { workspace });
  location.assign("/");
}

export async function signOut() {
  await enter("DELETE");
  session.value = null;
}
