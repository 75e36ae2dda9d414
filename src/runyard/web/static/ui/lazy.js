// @ts-check
// Pages, and parts of them, come when somebody wants to see them; what came stays.
import { Refused } from "./api.js";
import { html, useEffect, useState } from "./h.js";
import { connection, hear } from "./live.js";
import { Empty, Refusal } from "./parts.js";

const AWAY = new Refused(0, "");

/** @type {Map<string, any>} */
const here = new Map();

/** Have a module here, with its looks if it has any of its own. @param {string} module @param {string} [style] */
export async function bring(module, style) {
  if (here.has(module)) return;
  const [found] = await Promise.all([import(`../${module}`), style ? dress(style) : null]);
  here.set(module, found);
}

/** @type {Map<string, Promise<void>>} */
const worn = new Map();

/** Have a sheet of looks here. @param {string} style */
export function dress(style) {
  const { href } = new URL(`../${style}`, import.meta.url);
  const known = worn.get(href) ?? ([...document.styleSheets].some((sheet) => sheet.href === href) ? Promise.resolve() : fetched(href));
  worn.set(href, known);
  return known;
}

/** @param {string} href @returns {Promise<void>} */
const fetched = (href) => new Promise((done) => {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  link.onload = link.onerror = () => done();
  document.head.append(link);
});

/** A page whose code did not come, because the server is away or has other code by now. */
function Lost() {
  useEffect(() => hear(() => {}, () => location.reload()), []);
  if (connection.value !== "live") return html`<${Refusal} error=${AWAY} what="page" />`;
  return html`<main id="main"><${Empty} title="This page did not come"><p>The server was updated.</p><button type="button" onClick=${() => location.reload()}>Load it again</button><//></main>`;
}

/** @param {{module: string, part: string, style?: string, told?: any, meanwhile?: any}} it */
export function Lazy({ module, part, style, told = {}, meanwhile }) {
  const [isLost, setIsLost] = useState(false);
  const [, setRound] = useState(0);
  const wasHere = here.has(module);
  useEffect(() => {
    let isGone = false;
    if (!wasHere) bring(module, style).then(() => { if (!isGone) setRound((one) => one + 1); }, () => { if (!isGone) setIsLost(true); });
    return () => { isGone = true; };
  }, [module]);
  if (wasHere) return html`<${here.get(module)[part]} ...${told} />`;
  if (isLost && !meanwhile) return html`<${Lost} />`;
  return meanwhile ?? html`<main id="main" aria-busy="true"></main>`;
}
