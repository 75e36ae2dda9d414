// @ts-check
// One run: what went wrong first, then its tasks, its log, and all that is known of it.
import { ask as call, get, NATIVE, OWN, post } from "./api.js";
import { Bookmark } from "./bookmark.js";
import { Cells } from "./cells.js";
import { Chain } from "./chain.js";
import { counted, exact, isLive, language, lasting, seenPhase, startedBy, toTheSecond, word } from "./format.js";
import { Graph } from "./graph.js";
import { html, useEffect, useRef, useState } from "./h.js";
import { hear, newer } from "./live.js";
import { Log } from "./log.js";
import { Act, calmly, Moment, Panel, Phase, Problem, Refusal, say, Took, useAnswer } from "./parts.js";
import { Query } from "./query.js";
import { Records } from "./records.js";
import { Repair } from "./repair.js";
import { ask, go, place } from "./router.js";
import { Timeline } from "./timeline.js";
import { TaskWaits, Waits } from "./waits.js";

const LARGE = 150; // tasks of a run that is looked at less often while it goes on
const OTHERS_MS = 10_000; // what other workspaces run is not told; but it may hold the place that a run waits for

/** Whether a run may be one of those that another waits for. @param {any} run @param {any} whole */
function isInTheWay(run, whole) {
  const kind = whole?.waiting?.for;
  if (kind === "job") return run.job_id === whole.run.job_id;
  return kind === "place" || (kind === "lane" && run.language === whole.run.language);
}

/** A run with all that is known of it; what was seen is not sent again. @param {string} path @param {any} old @param {AbortSignal} stop */
async function changed(path, old, stop) {
  if (!old) return get(path, {}, stop);
  const fresh = await get(path, { since: Math.max(0, ...old.attempts.map((/** @type {any} */ one) => one.updated_at)) }, stop);
  const attempts = new Map([...old.attempts, ...fresh.attempts].map((one) => [one.id, one]));
  return { ...fresh, run: { tasks: old.run.tasks, ...fresh.run }, attempts: [...attempts.values()] };
}

/** @param {{id: string}} told */
export function Run({ id }) {
  const path = `${OWN}/runs/${id}`;
  const kept = useRef(/** @type {any} */ (null));
  const answer = useAnswer(`run ${id}`, (stop) => changed(path, kept.current, stop), path);
  const whole = answer.value;
  kept.current = whole;
  const isLarge = (whole?.run.tasks.length ?? 0) > LARGE;
  useEffect(() => {
    const look = calmly(answer.again, isLarge ? 1500 : 300);
    const glance = calmly(answer.again, 1500);
    return hear((runs) => {
      const seen = kept.current;
      const news = newer(runs, seen ? [seen.run] : []);
      if (news.some((run) => run.id === (seen?.run.id ?? Number(id)))) look();
      else if (news.some((run) => isInTheWay(run, seen))) glance();
    }, look);
  }, [id, isLarge]);
  useEffect(() => {
    if (!whole?.waiting) return undefined;
    const timer = setInterval(answer.again, OTHERS_MS);
    return () => clearInterval(timer);
  }, [Boolean(whole?.waiting)]);
  if (answer.error && !whole) {
    return html`<${Refusal} error=${answer.error} what="run"><p><a href="/runs">All runs</a></p><//>`;
  }
  if (!whole) return html`<main id="main" aria-busy="true"></main>`;
  return html`<${Whole} whole=${whole} again=${answer.again} />`;
}

/** @param {{whole: any, again: () => void}} told */
function Whole({ whole, again }) {
  const { run, attempts, trouble, parameters } = whole;
  const latest = new Map(attempts.map((/** @type {any} */ one) => [one.task_key, one]));
  const words = place.value.query;
  const chosen = words.task ?? whole.meant ?? trouble?.task_key ?? liveliest(attempts) ?? run.tasks[0].key;
  const tries = attempts.filter((/** @type {any} */ one) => one.task_key === chosen);
  const attempt = tries.find((/** @type {any} */ one) => String(one.number) === words.try) ?? tries.at(-1);
  const choose = (/** @type {string} */ key) => ask({ task: key, try: "" });
  useEffect(() => { document.title = `${word(seenPhase(run))} · ${run.job_name} · runyard`; }, [seenPhase(run), run.job_name]);
  return html`<main id="main"><${Heading} whole=${whole} again=${again} />
    ${trouble && !isLive(run.phase) ? html`<${Trouble} trouble=${trouble} choose=${choose} many=${run.tasks.length > 1} />` : null}
    <${Waits} run=${run} waiting=${whole.waiting} />
    ${run.settings.arazzo || run.tasks.some((/** @type {any} */ task) => task.kind === "arazzo") ? html`<p class="notice">A workflow of an Arazzo document: <a href=${`/workflows/${run.id}`}>its diagram, requests and responses</a></p>` : null}
    ${run.tasks.length > 1 || attempts.length > 1 ? html`<${Tasks} whole=${whole} latest=${latest} chosen=${chosen} choose=${choose} />` : null}
    ${attempt ? html`<${Chosen} whole=${whole} attempt=${attempt} tries=${tries} latest=${latest} choose=${choose} />` : html`<p class="notice">${run.message ?? run.reason ?? "Nothing of it has begun."}</p>`}
    <${Query} run=${run} query=${whole.query} /><${Chain} chain=${whole.chain} />
    ${run.language === "glue" && run.job_id ? html`<${Bookmark} run=${run} />` : null}
    <div class="two"><${Facts} whole=${whole} />
      <${Parameters} run=${run} parameters=${parameters} attempt=${attempt} /></div>
    <${History} run=${run} repairs=${whole.repairs} />
    <${Records} id=${run.id} stamp=${run.updated_at} /></main>`;
}

/** @param {any[]} attempts */
const liveliest = (attempts) => attempts.find((one) => one.phase === "running")?.task_key ?? attempts.find((one) => one.phase === "starting")?.task_key;

/** @param {{whole: any, again: () => void}} told */
function Heading({ whole, again }) {
  const { run, may, job, caller } = whole;
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [repairs, setRepairs] = useState(false);
  const [isSure, setIsSure] = useState(false);
  const act = (/** @type {() => Promise<void>} */ work) => async () => {
    try { setError(null); await work(); } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  const stop = act(async () => { await post(`${NATIVE}/runs/${run.id}/stop`); say("It was asked to stop."); again(); });
  const rerun = act(async () => { const fresh = await post(`${OWN}/runs/${run.id}/again`); say("A new run has begun."); go(`/runs/${fresh.id}`); });
  const remove = act(async () => { await call("DELETE", `${NATIVE}/runs/${run.id}`); say(`Run ${run.id} was deleted.`); go("/runs"); });
  return html`<div class="heading"><div><p class="over">${job && !job.is_gone ? html`<a href=${`/jobs/${job.id}`}>${language(run.language)} job</a>` : `${language(run.language)} run`} · run ${run.id}${caller ? html` · work of <a href=${`/runs/${caller.run_id}?task=${encodeURIComponent(caller.task_key)}`}>task ${caller.task_key} of ${caller.job_name}</a>` : null}</p>
      <h1 dir="auto">${run.job_name.replace("\n", " ")}</h1>
      <p class="line"><${Phase} phase=${seenPhase(run)} /> <span><${Took} run=${run} /></span> <span class="quiet">asked for <${Moment} at=${run.created_at} /></span> <span class="quiet">by ${startedBy(run)}</span>${run.repairs ? html` <span class="tag">${counted(run.repairs, "repair")}</span>` : null}</p></div>
    <div class="actions">${may.stop ? html`<${Act} class="danger" onClick=${stop}>Stop<//>` : null}
      ${may.repair ? html`<${Act} onClick=${() => setRepairs(true)}>Repair<//>` : null}
      ${may.again ? html`<${Act} class=${may.stop ? "" : "primary"} onClick=${rerun}>Run again<//>` : null}
      ${may.delete ? html`<span onFocusOut=${() => setIsSure(false)}><${Act} class=${isSure ? "danger" : "plain"} onClick=${isSure ? remove : () => setIsSure(true)}>${isSure ? "Delete it and its logs" : "Delete"}<//></span>` : null}</div></div>
    <${Problem} error=${error} />
    ${repairs ? html`<${Repair} whole=${whole} close=${() => setRepairs(false)} done=${() => { setRepairs(false); say("The repair has begun."); again(); }} />` : null}`;
}

/** @param {{trouble: any, choose: (key: string) => void, many: boolean}} told */
const Trouble = ({ trouble, choose, many }) => html`<section class="panel trouble" aria-label="What went wrong">
  <h2 dir="auto">${trouble.message || "It failed without a word."}</h2>
  ${trouble.advice ? html`<p>${many ? html`Task <button type="button" class="link" onClick=${() => choose(trouble.task_key)}>${trouble.task_key}</button>${trouble.others ? ` and ${counted(trouble.others, "other")}` : ""}. ` : null}${trouble.advice}</p>` : null}
  ${trouble.place?.lines.length ? html`<div class="code" tabindex="0" role="region" aria-label=${`${trouble.place.file}, line ${trouble.place.line}`}><p class="quiet">${trouble.place.file}, line ${trouble.place.line}</p><pre>${trouble.place.lines.map((/** @type {[number, string]} */ [number, text]) => html`<span key=${number} class=${number === trouble.place.line ? "here" : ""}><i>${number}</i>${text || " "}${"\n"}</span>`)}</pre></div>` : null}
  ${trouble.trace ? html`<details open=${!trouble.place?.lines.length}><summary>Whole traceback</summary><pre class="trace" tabindex="0">${trouble.trace}</pre></details>` : null}</section>`;

const MANY = 20; // tasks from which on one is looked for by name
const VIEWS = { graph: "Graph", timeline: "Timeline", list: "List" };

/** @param {{whole: any, latest: Map<string, any>, chosen: string, choose: (key: string) => void}} told */
function Tasks({ whole, latest, chosen, choose }) {
  const { run, attempts, children } = whole;
  const view = place.value.query.view ?? (run.tasks.length > 1 ? "graph" : "timeline");
  const tabs = html`<span class="tabs" role="group" aria-label="View">${Object.entries(VIEWS).map(([name, title]) => html`<button type="button" class="small" key=${name} aria-pressed=${view === name} onClick=${() => ask({ view: name })}>${title}</button>`)}</span>`;
  return html`<${Panel} title=${counted(run.tasks.length, "task")} aside=${html`<span class="tools">${run.tasks.length > MANY ? html`<${Found} keys=${run.tasks.map((/** @type {any} */ task) => task.key)} choose=${choose} />` : null}${tabs}</span>`}>
    ${view === "graph" ? html`<${Graph} tasks=${run.tasks} latest=${latest} chosen=${chosen} choose=${choose} />` : null}
    ${view === "timeline" ? html`<${Timeline} run=${run} attempts=${attempts} chosen=${chosen} choose=${choose} />` : null}
    ${view === "list" ? html`<div class="scroll" tabindex="0" role="region" aria-label="Tasks"><table class="list"><thead><tr><th>Task</th><th>State</th><th>Kind</th><th>Waits for</th><th>Tries</th><th>Took</th><th>Message</th></tr></thead><tbody>${run.tasks.map((/** @type {any} */ task) => {
      const one = latest.get(task.key);
      return html`<tr key=${task.key} class=${task.key === chosen ? "marked" : ""}><td class="name"><button type="button" class="link" onClick=${() => choose(task.key)} dir="auto">${task.key}</button></td><td>${one ? html`<${Phase} phase=${seenPhase(one)} />` : null}</td><td class="quiet">${task.kind.replaceAll("_", " ")}</td><td class="quiet">${task.depends_on?.join(", ") ?? ""}</td><td class="quiet">${one?.taken_at ? one.number + 1 : "–"}</td><td>${one ? html`<${Took} run=${one} />` : null}</td>
        <td class="quiet message">${one && children[one.id] ? html`<a href=${`/runs/${children[one.id].id}`}>its run</a> ` : null}${(one?.message ?? "").split("\n")[0]}</td></tr>`;
    })}</tbody></table></div>` : null}<//>`;
}

/** Looking for a task among many. @param {{keys: string[], choose: (key: string) => void}} told */
function Found({ keys, choose }) {
  const [text, setText] = useState("");
  const fits = text ? keys.filter((key) => key.toLowerCase().includes(text.toLowerCase())) : [];
  const press = (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && fits.length) choose(fits[0]); };
  return html`<span class="finder"><input type="search" placeholder="Find a task" aria-label="Find a task" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} onKeyDown=${press} />${text ? html`<span class="quiet" role="status">${fits.length ? counted(fits.length, "task") : "none"}</span>` : null}</span>`;
}

/** The task that is looked at: how it stands, what it printed, what it left behind. @param {{whole: any, attempt: any, tries: any[], latest: Map<string, any>, choose: (key: string) => void}} told */
function Chosen({ whole, attempt, tries, latest, choose }) {
  const { run, children } = whole;
  const task = run.tasks.find((/** @type {any} */ one) => one.key === attempt.task_key) ?? {};
  const child = children[attempt.id];
  const many = run.tasks.length > 1 || tries.length > 1;
  const result = attempt.output?.result;
  const hasLog = !["condition", "for_each", "run_job", "told", "workflow", "unavailable"].includes(task.kind);
  return html`${many ? html`<div class="chosen"><h2 dir="auto">${attempt.task_key}</h2><${Phase} phase=${seenPhase(attempt)} /> <${Took} run=${attempt} />
      ${tries.length > 1 ? html`<span class="tabs" role="group" aria-label="Try">${tries.map((one) => html`<button type="button" class=${`small ${one.phase}`} key=${one.number} aria-pressed=${one.id === attempt.id} onClick=${() => ask({ task: attempt.task_key, try: one.number })}>try ${one.number + 1}</button>`)}</span>` : null}
      ${child ? html`<a href=${`/runs/${child.id}`}>its run ${child.job_name}</a>` : null}
      <${TaskWaits} task=${task} attempt=${attempt} latest=${latest} choose=${choose} />
      ${attempt.message ? html`<p class="quiet" dir="auto">${attempt.message.split("\n")[0]}</p>` : null}${attempt.retry_at ? html`<p class="quiet">tried again <${Moment} at=${attempt.retry_at} /></p>` : null}</div>` : null}
    ${["sql", "dremio_sql"].includes(task.kind) ? html`<${Cells} run=${run} attempt=${attempt} />` : null}
    ${hasLog && attempt.taken_at ? html`<${Log} key=${attempt.id} run=${run} attempt=${attempt} />` : null}
    ${task.kind === "notebook" ? html`<${Cells} run=${run} attempt=${attempt} />` : null}
    ${result !== undefined && result !== null && result !== "" ? html`<${Panel} title="Output" aside=${attempt.output.is_cut ? html`<span>its beginning</span>` : null}><pre class="json" tabindex="0">${pretty(result)}</pre><//>` : null}`;
}

/** @param {any} result */
function pretty(result) {
  if (typeof result !== "string") return JSON.stringify(result, null, 2);
  try { return JSON.stringify(JSON.parse(result), null, 2); } catch { return result; }
}

/** @param {{whole: any}} told */
function Facts({ whole }) {
  const { run } = whole;
  const waited = run.running_at ? run.running_at - run.created_at : undefined;
  /** @type {[string, any][]} */
  const rows = [
    ["Asked for", moment(run.created_at)], ["Began", moment(run.running_at)], ["Ended", moment(run.ended_at)],
    ["Waited", waited === undefined ? null : lasting(waited)], ["Message", run.message], ["Why it waits or was skipped", run.reason],
    ["Timeout", run.timeout_ms ? lasting(run.timeout_ms) : null],
    ["Tries again", run.previous_run_id ? html`<a href=${`/runs/${run.previous_run_id}`}>run ${run.previous_run_id}</a>` : null],
  ];
  return html`<${Panel} title="Facts"><table class="facts"><tbody>${rows.filter(([, value]) => value).map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td dir="auto">${value}</td></tr>`)}</tbody></table><//>`;
}

/** What the run was told, and what the task that is looked at was told in the end. @param {{run: any, parameters: any[], attempt: any}} told */
function Parameters({ run, parameters, attempt }) {
  const isAsked = run.language === "databricks" && attempt?.running_at;
  const { value } = useAnswer(isAsked ? `resolved ${attempt.id}` : "", (stop) => (isAsked ? get(`${OWN}/runs/${run.id}/resolved`, { attempt: attempt.id }, stop) : Promise.resolve(null)));
  const known = new Map(parameters.map((one) => [one.name, one.value]));
  const own = (value?.values ?? []).filter((/** @type {any} */ one) => known.get(one.name) !== one.value);
  const rows = (/** @type {any[]} */ list) => html`<table class="facts"><tbody>${list.map((one) => html`<tr key=${one.name}><th scope="row">${one.name}</th><td dir="auto"><code>${typeof one.value === "string" ? one.value : JSON.stringify(one.value)}</code></td></tr>`)}</tbody></table>`;
  return html`<${Panel} title="Parameters">${parameters.length ? rows(parameters) : own.length ? null : html`<p class="quiet">It was told none.</p>`}
    ${own.length ? html`<h3 dir="auto">What ${attempt.task_key} was told</h3>${rows(own)}` : null}<//>`;
}

/** @param {number | undefined} at */
const moment = (at) => (at ? html`<time title=${exact(at)} datetime=${new Date(at).toISOString()}>${toTheSecond(at)}</time>` : null);

/** @param {{run: any, repairs: any[]}} told */
function History({ run, repairs }) {
  const [isOpen, setIsOpen] = useState(false);
  const { value } = useAnswer(isOpen ? `events ${run.id} ${run.updated_at}` : "", (stop) => (isOpen ? get(`${NATIVE}/runs/${run.id}/events`, {}, stop) : Promise.resolve(null)));
  return html`<${Panel} title="History" aside=${repairs.length ? html`<span>${counted(repairs.length - 1, "repair")}</span>` : null}>
    ${repairs.length ? html`<ol class="rounds">${repairs.map((one) => html`<li key=${one.number}><b>${one.number ? `Repair ${one.number}` : "Original"}</b> <${Moment} at=${one.at} /> ${one.outcome ? html`<${Phase} phase=${one.outcome} />` : isLive(run.phase) && one === repairs.at(-1) ? html`<${Phase} phase=${run.phase} />` : null} <span class="quiet">${one.task_keys.join(", ")}</span></li>`)}</ol>` : null}
    <details onToggle=${(/** @type {any} */ event) => setIsOpen(event.target.open)}><summary>Every event</summary>
    ${value ? html`<ol class="events">${value.events.map((/** @type {any} */ one) => html`<li key=${one.id}><${Moment} at=${one.at} as="clock" /> <b>${word(one.kind)}</b> <span class="quiet">${one.detail.message ?? ""}</span></li>`)}</ol>` : null}</details><//>`;
}
