// @ts-check
// The last two days at a glance: what ended in each hour, and what went wrong most.
import { get, OWN } from "./api.js";
import { counted, dayAndClock } from "./format.js";
import { html, useEffect } from "./h.js";
import { hear } from "./live.js";
import { calmly, Panel, useAnswer } from "./parts.js";
import { go } from "./router.js";

const HOUR_MS = 3_600_000;
const HEIGHT = 72;
const WIDE = 10;

/** @param {{outline: any}} told What stands there until the numbers do. */
export function Picture({ outline }) {
  const { value, again } = useAnswer("picture", (stop) => get(`${OWN}/picture`, {}, stop));
  useEffect(() => {
    const look = calmly(again, 5000);
    const stop = hear((runs) => { if (runs.some((run) => run.ended_at)) look(); }, again);
    const timer = setInterval(look, 60_000);
    return () => { stop(); clearInterval(timer); };
  }, []);
  if (!value) return outline;
  const sum = (/** @type {string} */ name) => value.hours.reduce((/** @type {number} */ all, /** @type {any} */ hour) => all + hour[name], 0);
  const total = { succeeded: sum("succeeded"), failed: sum("failed"), given_up: sum("given_up") };
  const load = value.load;
  return html`<div class="picture">
    <${Panel} title="Last 48 hours" aside=${html`<span class="legend"><b class="succeeded">${total.succeeded.toLocaleString()}</b> succeeded
      <b class="failed">${total.failed.toLocaleString()}</b> failed <b class="cancelled">${total.given_up.toLocaleString()}</b> stopped</span>`}>
      <${Bars} hours=${value.hours} />
      <p class="load quiet">${counted(load.on_process ?? 0, "task")} running now · ${load.waiting ? `${load.waiting} begun and waiting · ` : ""}${load.queued ?? 0} waiting for a place · ${load.retrying ?? 0} waiting for a retry</p>
    <//>
    <${Panel} title="What went wrong most" aside=${html`<span>48 hours</span>`}>
      ${value.errors.length === 0 ? html`<p class="quiet good">Nothing has failed.</p>` : html`<ol class="errors">
        ${value.errors.slice(0, 5).map((/** @type {any} */ one) => html`<li key=${one.job_name + one.message}><a href=${`/runs/${one.run_id}`} title=${one.message}>
          <b>${one.count}×</b> <span class="name" dir="auto">${one.job_name}</span> <span class="text" dir="auto">${one.message || one.outcome}</span></a></li>`)}</ol>`}
    <//>
  </div>`;
}

/** @param {{hours: any[]}} told */
function Bars({ hours }) {
  const most = Math.max(1, ...hours.map((hour) => hour.succeeded + hour.failed + hour.given_up));
  const bars = hours.map((hour, place) => {
    let top = HEIGHT;
    const parts = ["succeeded", "given_up", "failed"].map((name) => {
      const count = hour[name];
      const high = count ? Math.max(2, (count / most) * (HEIGHT - 4)) : 0;
      top -= high;
      return html`<rect key=${name} class=${name} x=${place * WIDE + 1} y=${top} width=${WIDE - 2} height=${high} />`;
    });
    const told = `${dayAndClock(hour.at)}: ${hour.succeeded} succeeded, ${hour.failed} failed, ${hour.given_up} stopped`;
    const open = () => go(`/runs?since=${hour.at}&until=${hour.at + HOUR_MS}`);
    return html`<g key=${hour.at} class="hour" onClick=${open}><title>${told}</title>
      <rect class="all" x=${place * WIDE} y="0" width=${WIDE} height=${HEIGHT} />${parts}</g>`;
  });
  const first = hours[0].at;
  return html`<div class="bars"><svg viewBox=${`0 0 ${hours.length * WIDE} ${HEIGHT}`} preserveAspectRatio="none" role="img"
    aria-label="Runs that ended, by hour">${bars}</svg>
    <div class="axis quiet"><span>${dayAndClock(first)}</span><span>${dayAndClock(first + 24 * HOUR_MS)}</span><span>now</span></div></div>`;
}
