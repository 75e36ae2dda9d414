// @ts-check
// Dremio: who holds the places of each queue and who waits, every query, and what reflections are there and save.
import { get, OWN } from "./api.js";
import { counted, dayAndClock, isLive, lasting, near, now, size, word } from "./format.js";
import { html, useEffect, useState } from "./h.js";
import { mover } from "./keys.js";
import { hear } from "./live.js";
import { calmly, Command, Moment, Panel, Phase, Problem, Took, useAnswer } from "./parts.js";
import { ask, go, place } from "./router.js";

const PHASES = ["active", "succeeded", "failed", "cancelled"];

export function Dremio() {
  const queues = useAnswer("dremio queues", (stop) => get(`${OWN}/dremio/queues`, {}, stop));
  useEffect(() => {
    const look = calmly(queues.again, 1000);
    return hear((runs) => { if (runs.some((run) => run.language === "dremio")) look(); }, look);
  }, []);
  const moves = queues.value?.queues.some((/** @type {any} */ one) => one.running.length + one.waiting.length) || queues.value?.on_the_way.length;
  useEffect(() => {
    if (!moves) return undefined;
    const timer = setInterval(queues.again, 2000); // a query comes from one queue to the next without being a changed run
    return () => clearInterval(timer);
  }, [Boolean(moves)]);
  return html`<main id="main"><h1>Dremio</h1><${Problem} error=${queues.error} />
    <${Queues} told=${queues.value} /><${Queries} /><${Reflections} /></main>`;
}

// queues

/** @param {{told: any}} told */
function Queues({ told }) {
  if (!told) return html`<${Panel} title="Queues" class="tall" />`;
  const { queues, rules, on_the_way: before, places, load } = told;
  return html`<${Panel} title="Queues" aside=${html`<span>${counted(places, "place")} of the server, ${load.on_process ?? 0} taken by tasks of all languages</span>`}>
    <div class="queues">${queues.map((/** @type {any} */ one) => html`<${Queue} key=${one.name} queue=${one} />`)}</div>
    ${before.length ? html`<p class="quiet">${counted(before.length, "query", "queries")} on the way to a queue: ${before.slice(0, 5).map((/** @type {any} */ one) => html`<a key=${one.id} class="sql" href=${`/runs/${one.id}`}>${brief(one.sql)}</a> `)}</p>` : null}
    <details><summary>Which query goes where</summary><ol class="rules">${rules.map((/** @type {any} */ rule, /** @type {number} */ at) => html`<li key=${at}>${rule.conditions ? html`if <code>${rule.conditions}</code>` : "else"} → ${rule.action === "REJECT" ? html`refused <span class="quiet">${rule.message}</span>` : html`<b>${rule.queue}</b>`}</li>`)}</ol>
      <p class="quiet">The first rule that fits counts. <code>/api/v3/wlm/queue</code> and <code>/api/v3/wlm/rule</code> change them while the server runs; <code>[dremio]</code> in its settings says what they are at first.</p></details><//>`;
}

/** @param {{queue: any}} told */
function Queue({ queue }) {
  const { running, waiting, slots } = queue;
  const share = slots ? Math.min(100, (running.length / slots) * 100) : 0;
  const limits = [queue.wait_ms ? `waits up to ${lasting(queue.wait_ms)}` : null, queue.run_ms ? `runs up to ${lasting(queue.run_ms)}` : null, queue.memory ? `${size(queue.memory)} a query` : null, queue.tier ? `${queue.tier.toLowerCase()} priority` : null].filter(Boolean);
  return html`<section class="queue" aria-label=${`Queue ${queue.name}`}><header><h3 dir="auto">${queue.name}</h3><span class=${waiting.length ? "full" : "quiet"}>${running.length} of ${slots ?? "any number of"} ${slots === 1 ? "slot" : "slots"}${waiting.length ? ` · ${waiting.length} waiting` : ""}</span></header>
    <div class="meter" role="meter" aria-label=${`Slots of ${queue.name}`} aria-valuemin="0" aria-valuemax=${slots ?? running.length} aria-valuenow=${running.length}><i class=${waiting.length ? "full" : ""} style=${{ width: `${share}%` }}></i></div>
    <p class="quiet">${limits.join(" · ")}</p>
    <ul class="items">${running.slice(0, 5).map((/** @type {any} */ one) => html`<${Holder} key=${one.id} query=${one} at=${one.granted_at} verb="runs" />`)}${waiting.slice(0, 5).map((/** @type {any} */ one, /** @type {number} */ at) => html`<${Holder} key=${one.id} query=${one} at=${one.queued_at} verb=${`${at + 1}. waits`} />`)}</ul>
    ${running.length + waiting.length > 10 ? html`<p class="quiet"><a href=${`/dremio?phase=active&queue=${encodeURIComponent(queue.name)}`}>all ${running.length + waiting.length}</a></p>` : null}</section>`;
}

/** @param {{query: any, at: number | null, verb: string}} told */
const Holder = ({ query, at, verb }) => html`<li><span class="quiet">${verb}${at ? ` ${lasting(now.value - at)}` : ""}</span> <a class="sql" href=${`/runs/${query.id}`} title=${query.sql}>${brief(query.sql)}</a></li>`;

/** @param {string} sql */
const brief = (sql) => { const text = sql.replace(/\/\*.*?\*\//gs, " ").replace(/\s+/g, " ").trim() || sql.trim(); return text.length > 120 ? `${text.slice(0, 119)}…` : text; };

// queries

function Queries() {
  const words = place.value.query;
  const key = JSON.stringify([words.phase, words.queue]);
  const [state, setState] = useState(/** @type {any} */ ({ key: "", queries: [], next: null, error: null }));
  const [marked, setMarked] = useState(-1);
  const load = async (/** @type {any} */ old, /** @type {AbortSignal | undefined} */ stop) => {
    try {
      const page = await get(`${OWN}/dremio/queries`, { phase: words.phase, queue: words.queue, before: old?.next }, stop);
      setState({ key, queries: [...(old?.queries ?? []), ...page.queries], next: page.next, error: null });
    } catch (error) { if (!stop?.aborted) setState((/** @type {any} */ known) => ({ ...known, key, error })); }
  };
  useEffect(() => {
    const stop = new AbortController();
    load(null, stop.signal);
    const again = calmly(() => load(null, stop.signal), 1000);
    const unhear = hear((runs) => { if (runs.some((run) => run.language === "dremio")) again(); }, again);
    return () => { stop.abort(); unhear(); };
  }, [key]);
  mover.move = (step) => {
    const to = Math.min(Math.max(marked + step, 0), state.queries.length - 1);
    setMarked(to);
    document.querySelectorAll(".queries tbody tr")[to]?.scrollIntoView({ block: "nearest" });
  };
  mover.open = () => { if (state.queries[marked]) go(`/runs/${state.queries[marked].id}`); };
  const isWhole = state.key === key && !state.next;
  const filters = html`<span class="tools"><select aria-label="State" value=${words.phase ?? ""} onChange=${(/** @type {any} */ event) => ask({ phase: event.target.value })}><option value="">Any state</option>${PHASES.map((phase) => html`<option key=${phase} value=${phase}>${phase === "active" ? "not ended" : word(phase)}</option>`)}</select>
    ${words.queue ? html`<button type="button" class="chip" onClick=${() => ask({ queue: "" })}>queue ${words.queue} ✕</button>` : null}</span>`;
  return html`<${Panel} title="Jobs" aside=${filters} class="queries"><${Problem} error=${state.error} />
    ${state.queries.length ? html`<div class="scroll" tabindex="0" role="region" aria-label="Table of jobs"><table class="list"><thead><tr><th>State</th><th>Query</th><th>Queue</th><th class="number">Rows</th><th>Asked for</th><th class="number">Took</th></tr></thead><tbody>
      ${state.queries.map((/** @type {any} */ one, /** @type {number} */ at) => html`<tr key=${one.id} class=${marked === at ? "marked" : ""}><td><${Phase} phase=${one.jobState === "QUEUED" ? "queued" : one.phase} /><br /><small class="quiet">${one.jobState}</small></td>
        <td class="text"><a class="sql" href=${`/runs/${one.id}`} title=${one.sql}>${brief(one.sql)}</a>${one.message && one.phase !== "succeeded" ? html`<small class="quiet" dir="auto">${one.message.split("\n")[0]}</small>` : null}</td>
        <td class="quiet">${one.queue || "–"}${one.is_accelerated ? html` <span class="tag">accelerated</span>` : null}</td><td class="number">${one.rows.toLocaleString()}</td><td class="quiet"><${Moment} at=${one.created_at} /></td><td class="number"><${Took} run=${one} /></td></tr>`)}</tbody></table></div>` : null}
    ${!state.queries.length && isWhole ? (words.phase || words.queue ? html`<p class="quiet">No query fits. <button type="button" class="link" onClick=${() => ask({ phase: "", queue: "" })}>Show all</button></p>` : html`<${FirstQuery} />`) : null}
    ${state.next ? html`<p><button type="button" onClick=${() => load(state, undefined)}>Show more</button></p>` : null}<//>`;
}

const FirstQuery = () => html`<div class="first"><p>No query yet. Every statement that a client of Dremio sends appears here at once:</p>
  <${Command} text=${'eval "$(runyard env)"'} />
  <${Command} text=${`curl -H "Authorization: Bearer $DREMIO_TOKEN" -H "Content-Type: application/json" -d '{"sql": "SELECT 1 AS one"}' "$DREMIO_URI/api/v3/sql"`} /></div>`;

// reflections

function Reflections() {
  const { value, error, again } = useAnswer("dremio reflections", (stop) => get(`${OWN}/dremio/reflections`, {}, stop));
  useEffect(() => {
    const look = calmly(again, 3000);
    return hear((runs) => { if (runs.some((run) => run.language === "dremio" && !isLive(run.phase))) look(); }, look);
  }, []);
  if (!value) return html`<${Panel} title="Reflections"><${Problem} error=${error} /><//>`;
  const { reflections } = value;
  if (!reflections.length) return html`<${Panel} title="Reflections"><${FirstReflection} /><//>`;
  const saved = reflections.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + (one.saved_rows ?? 0), 0);
  return html`<${Panel} title="Reflections" aside=${html`<span>${counted(reflections.length, "reflection")}${saved ? ` · ${Math.round(saved).toLocaleString()} rows not read` : ""}</span>`}>
    <div class="scroll" tabindex="0" role="region" aria-label="Table of reflections"><table class="list"><thead><tr><th>State</th><th>Reflection</th><th>Of</th><th class="number">Rows</th><th class="number">Size</th><th>Refreshed</th><th class="number">Answered</th><th class="number">Saved</th></tr></thead><tbody>
    ${reflections.map((/** @type {any} */ one) => html`<tr key=${one.id}><td><${State} reflection=${one} /></td><td class="name">${one.name}<br /><small class="quiet">${one.type.toLowerCase()}${one.fields ? ` · ${one.fields}` : ""}</small></td><td class="quiet" dir="auto">${one.dataset}</td>
      <td class="number">${one.records === null ? "–" : one.records.toLocaleString()}</td><td class="number">${one.bytes === null ? "–" : size(one.bytes)}</td>
      <td class="quiet">${one.fetched_at ? html`<${Moment} at=${one.fetched_at} />` : "never"}${one.refresh_ms ? html` <span>in ${lasting(one.refresh_ms)}${one.method === "INCREMENTAL" ? ", only what was new" : ""}</span>` : null}${one.expires_at ? html`<br /><small title=${dayAndClock(one.expires_at)}>good ${one.expires_at > now.value ? `until ${near(one.expires_at, now.value)}` : "no longer"}</small>` : null}</td>
      <td class="number" title=${`considered ${one.considered}, matched ${one.matched}`}>${counted(one.chosen, "query", "queries")}</td><td class="number">${one.saved_rows ? `${Math.round(one.saved_rows).toLocaleString()} rows` : "–"}</td></tr>`)}</tbody></table></div><//>`;
}

/** @type {Record<string, string>} */
const LOOKS = { CAN_ACCELERATE: "succeeded", CAN_ACCELERATE_WITH_FAILURES: "timed_out", REFRESHING: "running", FAILED: "failed", INVALID: "failed", DISABLED: "skipped" };
/** @type {Record<string, string>} */
const WORDS = { CAN_ACCELERATE: "answers queries", CAN_ACCELERATE_WITH_FAILURES: "answers, last refresh failed", REFRESHING: "refreshing", FAILED: "failed", INVALID: "invalid", DISABLED: "disabled", NONE: "nothing yet",
  CANNOT_ACCELERATE_SCHEDULED: "waits for its refresh", CANNOT_ACCELERATE_MANUAL: "waits to be refreshed", CANNOT_ACCELERATE_INITIALIZING: "being made" };

/** @param {{reflection: any}} told */
const State = ({ reflection }) => html`<span class=${`phase ${LOOKS[reflection.status] ?? "queued"}`} title=${reflection.status}><i class=${`dot ${reflection.status === "REFRESHING" ? "live" : ""}`}></i>${WORDS[reflection.status] ?? reflection.status.toLowerCase().replaceAll("_", " ")}</span>
  ${reflection.failure ? html`<br /><small class="quiet" dir="auto">${reflection.failure}</small>` : null}`;

const FirstReflection = () => html`<div class="first"><p>No reflection yet. One keeps rows or sums of a table or view ready, and queries that it can answer read it instead, with the same rows:</p>
  <${Command} text=${"ALTER TABLE sales.orders CREATE AGGREGATE REFLECTION by_day USING DIMENSIONS (day) MEASURES (amount (SUM, COUNT))"} />
  <p class="quiet">Then this page shows its state, how large it is, how many queries it has answered, and how many rows these did not have to read.</p></div>`;
