// @ts-check
// One run of a workflow: the way it took over the diagram, and each execution with what was sent and judged.
import { get, OWN } from "../ui/api.js";
import { counted, exact, isLive, lasting } from "../ui/format.js";
import { html, useEffect } from "../ui/h.js";
import { mover } from "../ui/keys.js";
import { hear } from "../ui/live.js";
import { calmly, Copy, Moment, Panel, Phase, Refusal, Took, useAnswer } from "../ui/parts.js";
import { ask, place } from "../ui/router.js";
import { Diagram } from "./diagram.js";

const LOOK_MS = 2000;

/** @param {{id: string}} told */
export function Workflow({ id }) {
  const { task, number } = place.value.query;
  const answer = useAnswer(`workflow ${id} ${task ?? ""} ${number ?? ""}`, (stop) => get(`${OWN}/workflows/${id}`, { task, number }, stop));
  const whole = answer.value;
  useEffect(() => {
    const own = whole?.run.id ?? Number(id);
    const look = calmly(answer.again, 500);
    const unhear = hear((runs) => { if (runs.some((run) => run.id === own)) look(); }, look);
    const timer = whole && isLive(whole.phase) ? setInterval(look, LOOK_MS) : 0; // steps of a task are told by no event
    return () => { unhear(); clearInterval(timer); };
  }, [id, whole?.phase]);
  if (answer.error && !whole) return html`<${Refusal} error=${answer.error} what="workflow"><p><a href="/workflows">All workflows</a></p><//>`;
  if (!whole) return html`<main id="main" aria-busy="true"></main>`;
  return html`<${Whole} whole=${whole} />`;
}

/** @param {{whole: any}} told */
function Whole({ whole }) {
  const { run, executions } = whole;
  const words = place.value.query;
  const hasEnded = !isLive(whole.phase);
  const chosen = executions[Number(words.e ?? -1)] ?? executions.find((/** @type {any} */ one, /** @type {number} */ at) => !one.succeeded && (at === executions.length - 1 || executions[at + 1].workflows.length < one.workflows.length)) ?? executions.at(-1);
  const at = executions.indexOf(chosen);
  /** @type {any[]} */
  const started = [...new Map(executions.flatMap((/** @type {any} */ one) => (one.started ?? []).map((/** @type {any} */ child) => [child.id, child]))).values()];
  useEffect(() => { document.title = `${whole.workflow} · runyard`; }, [whole.workflow]);
  mover.move = (step) => { if (executions.length) ask({ e: Math.min(Math.max(at + step, 0), executions.length - 1) }); };
  mover.open = () => document.querySelector(".exchange")?.scrollIntoView({ block: "start" });
  const choose = (/** @type {string} */ flow) => (/** @type {string} */ step) => {
    const found = executions.findLastIndex((/** @type {any} */ one) => one.step === step && one.workflows.at(-1) === flow);
    if (found >= 0) ask({ e: found });
  };
  return html`<main id="main"><div class="heading"><div><p class="over">Arazzo workflow${whole.title ? ` of ${whole.title}` : ""}</p><h1 dir="auto">${whole.workflow}</h1>
      <p class="facts-line"><${Phase} phase=${whole.phase} /> <${Took} run=${run} /> <span class="quiet"><${Moment} at=${run.created_at} /></span> <span class="quiet" dir="auto" title=${whole.document}>${whole.document.startsWith("file:") ? decodeURIComponent(whole.document.split("/").at(-1)) : whole.document}</span></p></div>
      <div class="actions">${whole.tasks.length > 1 ? whole.tasks.map((/** @type {string} */ key) => html`<button type="button" class="small" key=${key} aria-pressed=${key === whole.task} onClick=${() => ask({ task: key, number: "", e: "" })}>${key}</button>`) : null}
        ${whole.tries > 1 ? Array.from({ length: whole.tries }, (_, one) => html`<button type="button" class="small" key=${one} aria-pressed=${one === whole.number} onClick=${() => ask({ number: one, e: "" })}>try ${one + 1}</button>`) : null}
        <a class="button" href=${`/runs/${run.id}`}>The run</a></div></div>
    ${whole.message && whole.phase !== "succeeded" ? html`<p class="problem" role="alert" dir="auto">${whole.message}</p>` : null}
    ${started.length ? html`<p class="started"><span class="quiet">It started</span> ${started.map((one) => html`<a key=${one.id} href=${`/runs/${one.id}`}><${Phase} phase=${one.phase} /> ${one.job_name} ${one.id}</a>`)}</p>` : null}
    ${whole.drawing.length ? whole.drawing.map((/** @type {any} */ flow) => html`<${Flow} key=${flow.id} flow=${flow} whole=${whole} chosen=${chosen} choose=${choose(flow.id)} hasEnded=${hasEnded} />`)
      : html`<p class="notice">How this document looks was not recorded: an older command told of it, or it could not be read.</p>`}
    ${executions.length ? html`<div class="steps-and-one"><${Way} executions=${executions} at=${at} />${chosen ? html`<${Execution} key=${at} one=${chosen} />` : null}</div>`
      : html`<p class="notice">${hasEnded ? "No step of it was executed." : "No step has ended yet."}</p>`}
    <div class="two"><${Values} title="Inputs" values=${whole.inputs} none="It was given none." /><${Values} title="Outputs" values=${whole.outputs} none=${hasEnded ? "It gave none." : "They come with its end."} /></div></main>`;
}

/** @param {{flow: any, whole: any, chosen: any, choose: (step: string) => void, hasEnded: boolean}} told */
function Flow({ flow, whole, chosen, choose, hasEnded }) {
  const own = whole.executions.filter((/** @type {any} */ one) => one.workflows.at(-1) === flow.id);
  const isFirst = flow === whole.drawing[0];
  const aside = own.length ? counted(own.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + 1 + (one.left_out ?? 0), 0), "execution") : "not reached";
  return html`<${Panel} title=${isFirst ? "The way it took" : `Workflow ${flow.id}`} aside=${html`<span>${aside}</span>`}>${flow.summary ? html`<p class="quiet">${flow.summary}</p>` : null}
    <${Diagram} flow=${flow} executions=${own} chosen=${chosen?.workflows.at(-1) === flow.id ? chosen.step : ""} choose=${choose} hasEnded=${hasEnded} isGood=${isFirst ? whole.phase === "succeeded" : own.at(-1)?.succeeded ?? true} /><//>`;
}

/** @param {{executions: any[], at: number}} told */
const Way = ({ executions, at }) => html`<section class="panel" aria-label="Executions"><header><h2>Executions</h2><div class="aside">j and k move</div></header><ol class="way">${executions.map((one, place) => html`<li key=${place} class=${one.succeeded ? "succeeded" : "failed"}>
  ${one.left_out ? html`<p class="quiet">${counted(one.left_out, "poll")} that said the same</p>` : null}
  <button type="button" class="plain" aria-pressed=${place === at} onClick=${() => ask({ e: place })}><i class="dot"></i><span class="deep" aria-hidden="true">${"· ".repeat(one.workflows.length - 1)}</span><b dir="auto">${one.step}</b> <span class="mild">${one.word || (one.response ? one.response.status : "")} ${lasting(one.took_ms)}</span>
  ${one.follows === "next" ? null : html`<span class="tag">${one.follows}</span>`}</button></li>`)}</ol></section>`;

/** @param {{one: any}} told */
function Execution({ one }) {
  return html`<section class="panel exchange" aria-label=${`Execution of ${one.step}`}><header><h2 dir="auto">${one.step}</h2><div class="aside"><time datetime=${new Date(one.began_at).toISOString()} title=${exact(one.began_at)}>${new Date(one.began_at).toLocaleTimeString()}</time> · ${lasting(one.took_ms)} · execution ${one.execution}</div></header>
    ${one.message ? html`<p class="problem" dir="auto">${one.message}</p>` : null}
    ${one.started?.length ? html`<p class="started">Started here: ${one.started.map((/** @type {any} */ run) => html`<a key=${run.id} href=${`/runs/${run.id}`}><${Phase} phase=${run.phase} /> ${run.job_name} ${run.id}</a> `)}</p>` : null}
    ${one.request ? html`<h3>Request</h3><p class="line"><b>${one.request.method}</b> <code dir="auto">${one.request.url}</code></p><${Message} what="request" message=${one.request} />` : html`<p class="quiet">This step ran another workflow.</p>`}
    ${one.error ? html`<h3>Response</h3><p class="problem">${one.error}</p>` : null}
    ${one.response ? html`<h3>Response</h3><p class="line"><b>${one.response.status}</b> ${one.response.reason}</p><${Message} what="response" message=${one.response} />` : null}
    <${Criteria} title="Had to hold" criteria=${one.criteria} /><${Criteria} title="Decided what follows" criteria=${one.asked} />
    <p class="line">Then: <span class="tag">${one.follows}</span></p>
    <${Values} title="Outputs of the step" values=${one.outputs} none="" isPlain /></section>`;
}

/** @param {{what: string, message: any}} told */
const Message = ({ what, message }) => html`${message.headers.length ? html`<details><summary>${counted(message.headers.length, "header")}</summary><table class="facts"><tbody>${message.headers.map((/** @type {[string, string]} */ [name, value], /** @type {number} */ at) => html`<tr key=${at}><th scope="row">${name}</th><td dir="auto">${value}</td></tr>`)}</tbody></table></details>` : null}
  ${message.body ? html`<div class="withcopy"><${Copy} text=${message.body} label=${`Copy ${what}`} /><pre class="json" tabindex="0" aria-label=${`Body of the ${what}`}>${pretty(message.body)}</pre></div>${message.size ? html`<p class="quiet">Its beginning, of ${message.size.toLocaleString()} bytes.</p>` : null}` : null}`;

/** @param {{title: string, criteria: any[]}} told */
const Criteria = ({ title, criteria }) => (criteria?.length ? html`<h3>${title}</h3><ul class="criteria">${criteria.map((one, at) => html`<li key=${at} class=${one.holds ? "succeeded" : "failed"}><span class="sign" role="img" aria-label=${one.holds ? "holds" : "does not hold"}>${one.holds ? "✓" : "✗"}</span> <code dir="auto">${one.condition}</code>${one.type === "simple" ? null : html` <span class="tag">${one.type}</span>`}
  ${Object.entries(one.saw).map(([text, value]) => html`<p key=${text} class="quiet">${text} was <code dir="auto">${value}</code></p>`)}${one.error ? html`<p class="bad">${one.error}</p>` : null}</li>`)}</ul>` : null);

/** @param {{title: string, values: any, none: string, isPlain?: boolean}} told */
function Values({ title, values, none, isPlain }) {
  const rows = Object.entries(values ?? {});
  if (rows.length === 0 && isPlain) return null;
  const table = html`<table class="facts"><tbody>${rows.map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td dir="auto"><code>${typeof value === "string" ? value : JSON.stringify(value)}</code></td></tr>`)}</tbody></table>`;
  if (isPlain) return html`<h3>${title}</h3>${table}`;
  return html`<${Panel} title=${title}>${rows.length ? table : html`<p class="quiet">${none}</p>`}<//>`;
}

/** @param {string} text */
function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
