// @ts-check
// Which page the address means; filters live in its query, so that a link shows what its sender saw.
import { signal } from "./h.js";

/** @param {number} [top] */
const read = (top) => ({ path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)), top });

/** The address, and how far down somebody was here who comes back to it. */
export const place = signal(read());

/** @param {string} address @param {{replace?: boolean}} [how] */
export function go(address, how = {}) {
  const isHere = how.replace || address === location.pathname + location.search;
  if (!isHere) history.replaceState({ top: scrollY }, "");
  history[isHere ? "replaceState" : "pushState"](null, "", address);
  place.value = read();
  if (!how.replace) scrollTo(0, 0);
}

/** Change some words of the query; empty ones leave it. @param {Record<string, any>} words */
export function ask(words) {
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(words)) {
    if (value === undefined || value === null || value === "") next.delete(name);
    else next.set(name, String(value));
  }
  const text = next.toString();
  go(location.pathname + (text ? `?${text}` : ""), { replace: true });
}

/** Links to a run as Databricks writes them name it behind a hash, which no server sees. */
export function followOldLink() {
  const found = /^#job\/\d+\/run\/(\d+)/.exec(location.hash);
  if (found) go(`/runs/${found[1]}`, { replace: true });
}

export function listen() {
  addEventListener("popstate", (event) => { place.value = read(event.state?.top); });
  addEventListener("hashchange", followOldLink);
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest?.("a");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.origin !== location.origin || link.hasAttribute("download") || link.target || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
