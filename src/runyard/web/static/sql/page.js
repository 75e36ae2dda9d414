// @ts-check
// The console of the SQL language: an editor, what came of its text, and what there is to ask.
import { get, session } from "../ui/api.js";
import { html, useEffect, useRef, useState } from "../ui/h.js";
import { hear } from "../ui/live.js";
import { Command, Problem, say, useAnswer } from "../ui/parts.js";
import { ask, place } from "../ui/router.js";
import { cancel, find, isAsking, recall, result, run, SQL } from "./asking.js";
import { Library, Save } from "./library.js";
import { Result } from "./result.js";

const LIMITS = { "": "No time limit", 10: "At most 10 s", 60: "At most 1 min", 600: "At most 10 min" };
const USUAL_LIMIT = "60";
const LONGEST_LINK = 6000; // characters of a text that stands in the address
const REST_MS = 400;
const EXAMPLES = {
  "How runs ended": "SELECT phase, count(*) AS runs\nFROM runyard.ledger.runs\nGROUP BY phase\nORDER BY runs DESC",
  "Runs by the hour": "SELECT date_trunc('hour', created_at) AS hour, count(*) AS runs, count_if(outcome = 'failed') AS failed\nFROM runyard.ledger.runs\nGROUP BY 1\nORDER BY 1",
  "What failed last": "SELECT id AS run_id, job_name, ended_at, message\nFROM runyard.ledger.runs\nWHERE outcome = 'failed'\nORDER BY id DESC\nLIMIT 50",
  "The slowest jobs": "SELECT job_name, count(*) AS runs, round(avg(ended_at - running_at) / 1000.0, 3) AS avg_s, max(ended_at - running_at) / 1000.0 AS max_s\nFROM runyard.ledger.runs\nWHERE state = 'ended' AND running_at IS NOT NULL\nGROUP BY job_name\nORDER BY avg_s DESC\nLIMIT 20",
};

export function Sql() {
  const words = place.value.query;
  const [text, setText] = useState(words.q ?? draft());
  const [ran, setRan] = useState({ text: words.q ?? "", from: 0 });
  const [saves, setSaves] = useState(false);
  const [stamp, setStamp] = useState(0);
  const known = useAnswer(`words ${stamp}`, (stop) => get(`${SQL}/words`, {}, stop));
  const limit = words.limit ?? USUAL_LIMIT;
  const editor = useRef(/** @type {any} */ (null));
  const now = useRef({ text, limit });
  now.current = { text, limit };
  useEffect(() => { recall(); if (words.run && words.run !== result.value?.id) find(words.run).then((found) => { if (found !== null) setRan({ text: found, from: Math.max(0, text.indexOf(found)) }); }); }, [session.value?.user]);
  useEffect(() => hear(() => {}, known.again), []); // what could not be had comes with the server
  useEffect(() => {
    const timer = setTimeout(() => { ask({ q: text.length <= LONGEST_LINK ? text : "" }); keepDraft(text); }, REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => { if (result.value) ask({ run: result.value.id }); }, [result.value?.id]);
  useEffect(() => { editor.current?.mark(errors(result.value, ran.from)); }, [result.value, ran]);
  const start = async (/** @type {boolean} */ explain) => {
    if (isAsking.value) return;
    const asked = editor.current?.selected?.() ?? { text: now.current.text, from: 0 };
    if (!asked.text.trim()) { say("There is nothing to run yet: write a statement."); return; }
    setRan(asked);
    ask({ s: "" });
    await run(asked.text, { limit: now.current.limit, explain });
    if (/\b(create|drop|refresh)\b/i.test(asked.text)) setStamp((one) => one + 1); // a view came or went
  };
  const load = (/** @type {string} */ fresh, /** @type {any} */ chart = {}) => { write(fresh); ask({ x: chart.x ?? "", y: chart.y ?? "", kind: chart.kind ?? "", view: chart.view ?? "" }); editor.current?.focus(); };
  const write = (/** @type {string} */ fresh) => { setText(fresh); editor.current?.write(fresh); };
  const chart = Object.fromEntries(["view", "x", "y", "kind"].filter((name) => words[name]).map((name) => [name, words[name]]));
  return html`<main id="main" class="sqlpage"><h1 class="unseen">SQL</h1><div class="bench"><div class="work">
    <section class="panel" aria-label="Statement"><${Editor} text=${text} words=${known.value} handle=${editor} changed=${setText} run=${() => start(false)} explain=${() => start(true)} />
      <div class="tools under"><button type="button" class="primary" disabled=${isAsking.value} onClick=${() => start(false)} title="Ctrl+Enter">Run</button>
      <button type="button" disabled=${isAsking.value} onClick=${() => start(true)} title="Ctrl+Shift+Enter: what would be asked of which service">Explain</button>
      ${isAsking.value ? html`<button type="button" class="danger" onClick=${cancel}>Cancel</button>` : null}
      <select aria-label="Time limit" value=${limit} onChange=${(/** @type {any} */ event) => ask({ limit: event.target.value || "0" })}>${Object.entries(LIMITS).map(([seconds, title]) => html`<option key=${seconds} value=${seconds || "0"}>${title}</option>`)}</select>
      <span class="space"></span><button type="button" onClick=${() => setSaves(true)} disabled=${!text.trim()}>Save</button></div>
      <${Problem} error=${known.error} /></section>
    <${Result} text=${ran.text} goTo=${(/** @type {number} */ at) => editor.current?.goTo(at + ran.from)} examples=${html`<${Examples} load=${load} />`} /></div>
    <${Library} words=${known.value} stamp=${stamp} insert=${(/** @type {string} */ name) => (editor.current ? editor.current.insert(name) : write(text + name))} load=${load} /></div>
    ${saves ? html`<${Save} text=${text} chart=${chart} close=${() => setSaves(false)} saved=${(/** @type {string} */ name) => { say(`${name} is saved.`); setStamp((one) => one + 1); }} />` : null}</main>`;
}

/** Where the errors of a result stand in the editor. @param {any} told @param {number} from */
function errors(told, from) {
  const all = told ? [told.error, ...told.statements.map((/** @type {any} */ one) => one.error)] : [];
  return all.filter((one) => one && one.position !== null).map((one) => ({ at: one.position + from, message: one.message }));
}

/** A plain box until the editor is there, and wherever it cannot be. @param {any} told */
function Editor({ text, words, handle, changed, run, explain }) {
  const host = useRef(/** @type {HTMLElement | null} */ (null));
  const plain = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const [isThere, setIsThere] = useState(false);
  const told = useRef({ run, explain, text });
  told.current = { run, explain, text };
  useEffect(() => {
    if (!words) return;
    if (handle.current) { handle.current.learn(words); return; }
    let isGone = false;
    import("./editor.js").then(({ edit }) => {
      if (isGone || !host.current || handle.current) return;
      const hadFocus = document.activeElement === plain.current;
      handle.current = edit(host.current, { text: told.current.text, words, changed, run: () => told.current.run(), explain: () => told.current.explain() });
      setIsThere(true);
      if (hadFocus) handle.current.focus();
    }, () => {}); // without it the plain box stays
    return () => { isGone = true; };
  }, [words]);
  useEffect(() => () => { handle.current?.end(); handle.current = null; }, []);
  const type = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); (event.shiftKey ? explain : run)(); }
    if (event.key === "Escape") plain.current?.blur();
  };
  return html`<div class="editbox" data-editor tabindex="-1" onFocus=${(/** @type {FocusEvent} */ event) => { if (event.target === event.currentTarget) (handle.current ?? plain.current)?.focus(); }}><div class="editor" ref=${host} hidden=${!isThere}></div>
    ${isThere ? null : html`<textarea class="plainsql" ref=${plain} aria-label="SQL" spellcheck=${false} placeholder="SELECT …   Ctrl+Enter runs it" value=${text} onInput=${(/** @type {any} */ event) => changed(event.target.value)} onKeyDown=${type}></textarea>`}</div>`;
}

/** @param {{load: (text: string) => void}} told */
const Examples = ({ load }) => html`<section class="empty begins" aria-label="To begin with"><h2>Ask your runs</h2>
  <p>Runs, jobs, attempts, events and logs of every language are tables here, beside those of the clouds you are connected to.</p>
  <p class="actions">${Object.entries(EXAMPLES).map(([title, text]) => html`<button type="button" key=${title} onClick=${() => load(text)}>${title}</button>`)}</p>
  <p class="quiet">The same is spoken on the command line, and to any client of PostgreSQL:</p>
  <${Command} text=${'runyard sql "SELECT phase, count(*) FROM runyard.ledger.runs GROUP BY phase"'} /><${Command} text=${'eval "$(runyard env)" && psql'} /></section>`;

const shelf = () => `runyard.sql.draft.${session.value?.user ?? ""}`;
function draft() { try { return localStorage.getItem(shelf()) ?? ""; } catch { return ""; } }
/** @param {string} text */
function keepDraft(text) { try { localStorage.setItem(shelf(), text); } catch { /* a browser that keeps nothing */ } }
