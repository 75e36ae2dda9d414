// @ts-check
// Every run of the workspace, newest first: filters stand in the address, rows come as one scrolls, and it is live.
import { first, get, OWN, query } from "./api.js";
import { direction, isLive, language, LANGUAGES, PHASES, seenPhase, startedBy, word } from "./format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./h.js";
import { mover } from "./keys.js";
import { Lazy } from "./lazy.js";
import { hear } from "./live.js";
import { Command, Empty, Moment, Phase, Problem, Took } from "./parts.js";
import { ask, go, place } from "./router.js";

const PAGE = 100;
const OUTLINE = html`<div class="picture"><section class="panel tall"></section><section class="panel tall"></section></div>`;
const BEYOND = 12; // rows drawn outside the window
const TRIGGERS = { request: "request", schedule: "schedule", file_arrival: "file arrival", table_update: "table update",
  periodic: "every so often", trigger: "Glue trigger", job_completion: "after another job", run_job: "task of a job", task: "code of a task", continuous: "continuous" };
const TIMES = { "3600000": "last hour", "86400000": "last 24 hours", "604800000": "last 7 days" };
const FILTERS = ["job", "phase", "language", "trigger", "text", "since", "until", "last"];

/** @param {Record<string, string>} words */
function asked(words) {
  const { last, ...given } = Object.fromEntries(FILTERS.filter((name) => words[name]).map((name) => [name, words[name]]));
  return last ? { ...given, since: Date.now() - Number(last) } : given;
}

/** Whether a run belongs into a list; what it cannot tell for sure it lets in. @param {any} run @param {any} words */
function fits(run, words) {
  const { job, phase, language, trigger, text, since, until } = words;
  if (job && run.job_name !== job && String(run.job_id) !== job) return false;
  if (phase && (phase === "active" ? !isLive(run.phase) : run.phase !== phase)) return false;
  if (language && run.language !== language) return false;
  if (trigger && (run.started_by?.kind ?? "request") !== trigger) return false;
  if (text && !run.job_name.toLowerCase().includes(text.trim().toLowerCase())) return false;
  return !(since && run.created_at < Number(since)) && !(until && run.created_at >= Number(until));
}

export function Runs() {
  const words = place.value.query;
  const isPlain = FILTERS.every((name) => !words[name]);
  const list = useRuns(words);
  if (isPlain && list.rows.length === 0 && list.isWhole) return html`<main id="main"><${FirstSteps} /></main>`;
  return html`<main id="main"><h1 class="unseen">Runs</h1>
    <${Lazy} module="ui/picture.js" part="Picture" told=${{ outline: OUTLINE }} meanwhile=${OUTLINE} />
    <${Filters} words=${words} />
    <${Problem} error=${list.error} />
    ${list.rows.length === 0 && list.isWhole ? html`<${Empty} title="No run fits">
        <p>Nothing in this workspace fits these filters.</p>
        <button type="button" onClick=${() => go("/runs")}>Show all runs</button><//>` : html`<${Rows} list=${list} />`}
  </main>`;
}

/** The list that was left last: it hears of changes meanwhile, for somebody who comes back to it. @type {{state: any, stop: () => void} | null} */
let left = null;

/** @param {any} state @param {Record<string, string>} words */
function leave(state, words) {
  const mine = { state, stop: hear((changed) => { mine.state = merged(mine.state, changed, asked(words)); }, () => { if (left === mine) comeBack(""); }) };
  left = mine;
}

/** @param {string} key */
function comeBack(key) {
  const was = left;
  left = null;
  was?.stop();
  return place.value.top !== undefined && was?.state.key === key ? was.state : null;
}

/** @param {Record<string, string>} words */
function useRuns(words) {
  const key = JSON.stringify(FILTERS.map((name) => words[name] ?? ""));
  const filled = (/** @type {any[]} */ before, /** @type {any} */ page) => ({ key, rows: [...before, ...page.runs], next: page.next, searchedTo: page.searched_to, isWhole: !page.next, error: null });
  const [state, setState] = useState(/** @returns {any} */ () => {
    const was = comeBack(key);
    if (was) return was;
    const page = first(`${OWN}/runs${query({ ...asked(words), limit: PAGE })}`);
    return page ? filled([], page) : { key: "", rows: [], next: null, isWhole: false, error: null };
  });
  const isThere = useRef(state.key === key);
  const coming = useRef(/** What is heard while each page is on its way. @type {Set<any[]>} */ (new Set()));
  const now = useRef({ state, words });
  now.current = { state, words };
  useEffect(() => () => leave(now.current.state, now.current.words), []);
  const load = async (/** @type {number | undefined} */ from, /** @type {AbortSignal | undefined} */ stop) => {
    /** @type {any[]} */
    const heard = [];
    coming.current.add(heard);
    try {
      const page = await get(`${OWN}/runs`, { ...asked(words), limit: PAGE, before: from }, stop);
      // Who scrolled before the list was drawn again has asked for a page that it has by now.
      setState((/** @type {any} */ old) => (from && (old.key !== key || old.next !== from) ? old : merged(filled(from ? old.rows : [], page), heard, asked(words))));
    } catch (error) {
      if (!stop?.aborted) setState((/** @type {any} */ old) => ({ ...old, key, error }));
    } finally {
      coming.current.delete(heard);
    }
  };
  useEffect(() => {
    const stop = new AbortController();
    if (!isThere.current) load(undefined, stop.signal);
    isThere.current = false;
    const unhear = hear((changed) => {
      for (const heard of coming.current) heard.push(...changed);
      setState((/** @type {any} */ old) => merged(old, changed, asked(words)));
    }, () => load(undefined, stop.signal));
    return () => { stop.abort(); unhear(); };
  }, [key]);
  const more = () => { if (state.next && !coming.current.size) load(state.next, undefined); };
  return { ...state, isWhole: state.isWhole && state.key === key, more };
}

/** @param {any} old @param {any[]} changed @param {any} words */
function merged(old, changed, words) {
  const rows = [...old.rows];
  for (const run of changed) {
    const at = rows.findIndex((one) => one.id === run.id);
    if (at >= 0) rows[at] = run.updated_at < rows[at].updated_at ? rows[at] : run;
    else if (fits(run, words) && (rows.length === 0 || run.id > rows[rows.length - 1].id || old.isWhole)) {
      const behind = rows.findIndex((one) => one.id < run.id);
      rows.splice(behind < 0 ? rows.length : behind, 0, run);
    }
  }
  return { ...old, rows };
}

/** @param {{words: Record<string, string>}} told */
function Filters({ words }) {
  const timer = useRef(0);
  const type = (/** @type {any} */ event) => {
    clearTimeout(timer.current);
    const text = event.target.value;
    timer.current = setTimeout(() => ask({ text }), 200);
  };
  const choose = (/** @type {string} */ name) => (/** @type {any} */ event) => ask({ [name]: event.target.value });
  const select = (/** @type {string} */ name, /** @type {string} */ label, /** @type {Record<string, string>} */ options) =>
    html`<select aria-label=${label} value=${words[name] ?? ""} onChange=${choose(name)} class=${words[name] ? "set" : ""}>
      <option value="">${label}</option>${Object.entries(options).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>`;
  const [isSpan, setIsSpan] = useState(Boolean(words.since));
  const period = (/** @type {any} */ event) => {
    const { value } = event.target;
    setIsSpan(value === SPAN);
    ask(value === SPAN ? { last: "" } : { last: value, since: "", until: "" });
  };
  const phases = Object.fromEntries([["active", "not ended"], ...PHASES.map((phase) => [phase, word(phase)])]);
  const isSet = FILTERS.some((name) => words[name]);
  return html`<div class="filters" role="search">
    <input type="search" data-search placeholder="Search by name or run id   /" aria-label="Search by name or run id" value=${words.text ?? ""} onInput=${type} />
    ${select("phase", "Any state", phases)}${select("language", "Any language", LANGUAGES)}${select("trigger", "Any start", TRIGGERS)}
    <select aria-label="Any time" value=${isSpan || words.since ? SPAN : words.last ?? ""} onChange=${period} class=${words.last || words.since ? "set" : ""}><option value="">Any time</option>${Object.entries(TIMES).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}<option value=${SPAN}>between …</option></select>
    <${JobNamed} name=${words.job ?? ""} />
    ${isSet ? html`<button type="button" class="plain" onClick=${() => { setIsSpan(false); go("/runs"); }}>Clear</button>` : null}
    ${isSpan || words.since ? html`<span class="span"><label class="inline">from <input type="datetime-local" value=${written(words.since)} onChange=${(/** @type {any} */ event) => ask({ since: read(event.target.value), last: "" })} /></label>
      <label class="inline">to <input type="datetime-local" value=${written(words.until)} onChange=${(/** @type {any} */ event) => ask({ until: read(event.target.value), last: "" })} /></label></span>` : null}
  </div>`;
}

const SPAN = "span";
/** A moment as its field writes it, in the reader's zone. @param {string | undefined} at */
const written = (at) => (at ? new Date(Number(at) - new Date(Number(at)).getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "");
/** @param {string} text */
const read = (text) => (text ? new Date(text).getTime() : "");

/** The job whose runs are wanted, by the names that runs have. @param {{name: string}} told */
function JobNamed({ name }) {
  const [names, setNames] = useState(/** @type {string[]} */ ([]));
  const [typed, setTyped] = useState(name); // or names that come would take away what somebody types
  useEffect(() => setTyped(name), [name]);
  const timer = useRef(0);
  const look = (/** @type {string} */ text) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => get(`${OWN}/names`, { text }).then((told) => setNames(told.names), () => {}), 150);
  };
  return html`<input type="text" class=${`jobname ${name ? "set" : ""}`} list="names" placeholder="Any job" aria-label="Job" autocomplete="off" value=${typed} dir="auto"
      onFocus=${() => look(name)} onInput=${(/** @type {any} */ event) => { setTyped(event.target.value); look(event.target.value); }} onChange=${(/** @type {any} */ event) => ask({ job: event.target.value.trim() })} />
    <datalist id="names">${names.map((one) => html`<option key=${one} value=${one} />`)}</datalist>`;
}

/** @param {{list: any}} told */
function Rows({ list }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [high, setHigh] = useState(rowHeight);
  const [shown, setShown] = useState(() => ({ from: 0, to: Math.ceil(innerHeight / high) })); // those beyond come once these are seen
  const [marked, setMarked] = useState(-1);
  const look = () => {
    const element = box.current;
    if (!element) return;
    const top = -element.getBoundingClientRect().top;
    const row = rowHeight();
    setHigh(row);
    const from = Math.max(0, Math.floor(top / row) - BEYOND);
    const to = from + Math.ceil(innerHeight / row) + 2 * BEYOND;
    setShown((old) => (old.from === from && old.to === to ? old : { from, to }));
    if (from + innerHeight / row + 3 * BEYOND > list.rows.length) list.more();
  };
  useEffect(() => {
    if (list.rows.length > PAGE) look(); else (window.requestIdleCallback ?? setTimeout)(look);
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => { removeEventListener("scroll", look); removeEventListener("resize", look); };
  }, [list.rows.length, list.next]);
  useLayoutEffect(() => { if (place.value.top) scrollTo(0, place.value.top); }, []);
  mover.move = (step) => {
    const to = Math.min(Math.max(marked + step, 0), list.rows.length - 1);
    setMarked(to);
    const top = (box.current?.getBoundingClientRect().top ?? 0) + to * high;
    if (top < 120 || top > innerHeight - high) scrollBy({ top: top - innerHeight / 2 });
  };
  mover.open = () => { if (list.rows[marked]) go(`/runs/${list.rows[marked].id}`); };
  const rows = list.rows.slice(shown.from, shown.to);
  return html`<div class="runs"><div class="row head" aria-hidden="true"><span>State</span><span>Job</span><span>Language</span><span>Started by</span><span>Asked for</span><span class="number">Took</span><span class="number">Run</span></div>
    <div class="window" role="list" aria-label="Runs" ref=${box} style=${{ height: `${list.rows.length * high}px` }}>
    ${rows.map((/** @type {any} */ run, /** @type {number} */ place) => html`<div role="listitem" key=${run.id} class=${`row ${marked === shown.from + place ? "marked" : ""}`} style=${{ top: `${(shown.from + place) * high}px` }}
      onClick=${(/** @type {any} */ event) => { if (event.target.closest("time, small")) go(`/runs/${run.id}`); }}>
      <span><${Phase} phase=${seenPhase(run)} /></span>
      <span class="job"><a href=${`/runs/${run.id}`} dir=${direction(run.job_name)}>${run.job_name.replace("\n", " ")}</a>${why(run)}</span>
      <span class="quiet">${language(run.language)}</span>
      <span class="quiet">${startedBy(run)}${run.attempt ? ` · try ${run.attempt + 1}` : ""}</span>
      <span class="quiet"><${Moment} at=${run.created_at} /></span>
      <span class="number"><${Took} run=${run} /></span>
      <span class="number quiet id">${run.id}</span></div>`)}
    </div><p class="quiet end">${list.isWhole ? "That is all." : list.searchedTo ? html`Looked back to <${Moment} at=${list.searchedTo} />, looking further …` : "More comes as you scroll."}</p></div>`;
}

/** As the looks have it for this width. */
const rowHeight = () => Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row"), 10) || 44;

/** @param {any} run */
function why(run) {
  const text = run.phase === "succeeded" ? "" : seenPhase(run) === "waiting" ? "It waits for a place in its queue." : run.message ?? run.reason ?? "";
  return text ? html`<small title=${text} dir=${direction(text)}>${text.split("\n")[0]}</small>` : null;
}

const FirstSteps = () => html`<${Empty} title="No run yet">
  <p>Everything that any client runs here appears on this page at once. The first run takes three commands:</p>
  <ol class="steps"><li><${Command} text=${'eval "$(runyard env)"'} /></li><li><${Command} text=${"echo 'print(\"hello from runyard\")' > hello.py"} /></li><li><${Command} text="runyard run hello.py" /></li></ol>
  <p class="quiet">Or use what you have: after the first command boto3, the AWS and Databricks command lines and SDKs, psql and curl speak to this server.</p><//>`;
