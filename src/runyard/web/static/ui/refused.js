// @ts-check
// What stands in the place of a page that could not be had: it is not there, it is not for this reader, or nobody answers.
import { html } from "./h.js";
import { Empty } from "./parts.js";

/** @param {{error: any, what: string, children?: any}} told */
export function Refusal({ error, what, children }) {
  /** @type {Record<number, [string, string]>} */
  const words = {
    0: ["The server does not answer", "It may be restarting; jobs keep running meanwhile. This page shows itself as soon as the server is back."],
    403: [`You may not see this ${what}`, "An administrator can give you a role in its workspace."],
    404: [`No such ${what}`, "It may have been deleted, or belong to another workspace."],
  };
  const [title, more] = words[error.status ?? 500] ?? ["It cannot be shown", "The server's log tells more."];
  return html`<main id="main"><${Empty} title=${title}><p dir="auto">${error.status === 0 ? more : error.message}</p>${error.status === 0 ? null : html`<p class="quiet">${more}</p>`}${children}<//></main>`;
}
