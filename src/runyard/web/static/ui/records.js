// @ts-check
// A run as each language's clients get it, with the call that fetches it.
import { get, OWN } from "./api.js";
import { html, useState } from "./h.js";
import { Command, Copy, Panel, Problem, useAnswer } from "./parts.js";

/** @param {{id: number, stamp: number}} told */
export function Records({ id, stamp }) {
  const [isOpen, setIsOpen] = useState(false);
  return html`<${Panel} title="As each language shows it"><details onToggle=${(/** @type {any} */ event) => setIsOpen(event.target.open)}><summary>The exact record, and the call that fetches it</summary>
    ${isOpen ? html`<${Opened} id=${id} stamp=${stamp} />` : null}</details><//>`;
}

/** @param {{id: number, stamp: number}} told */
function Opened({ id, stamp }) {
  const [place, setPlace] = useState(0);
  const [isExact, setIsExact] = useState(false);
  const { value, error } = useAnswer(`records ${id} ${stamp} ${isExact}`, (stop) => get(`${OWN}/runs/${id}/records`, isExact ? { exact: true } : {}, stop));
  if (!value) return html`<${Problem} error=${error} />`;
  const one = value.records[Math.min(place, value.records.length - 1)];
  const text = JSON.stringify(one.record, null, 2);
  return html`<div class="records"><span class="tabs" role="group" aria-label="Language">${value.records.map((/** @type {any} */ record, /** @type {number} */ at) => html`<button type="button" key=${record.title} class="small" aria-pressed=${record === one} onClick=${() => setPlace(at)}>${record.title}</button>`)}</span>
    ${one.calls.map((/** @type {string} */ call) => html`<${Command} key=${call} text=${call} />`)}
    ${one.is_masked || isExact ? html`<p class="quiet">${isExact ? "Secrets are shown as the clients get them." : "What is called like a secret is covered here; the clients get it."} <button type="button" class="link" onClick=${() => setIsExact(!isExact)}>${isExact ? "Cover them" : "Show them"}</button></p>` : null}
    <div class="withcopy"><${Copy} text=${text} label="Copy record" /><pre class="json" tabindex="0" aria-label=${`Record of ${one.title}`}>${text}</pre></div></div>`;
}
