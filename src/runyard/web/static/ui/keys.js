// @ts-check
// The keyboard: what each key does stands in one table, which the help shows.
import { html, signal } from "./h.js";
import { Dialog } from "./parts.js";
import { go } from "./router.js";

export const helps = signal(false);

/** What a page does with j, k and Enter; the newest page decides. */
export const mover = { move: (/** @type {number} */ _) => {}, open: () => {} };

const focus = (/** @type {string} */ selector) => () => {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  found?.focus();
  if (found instanceof HTMLInputElement) found.select();
};

/** @type {Record<string, [string, () => void]>} */
export const KEYS = {
  "/": ["Search", focus("[data-search]")],
  j: ["Next in the list", () => mover.move(1)],
  k: ["Previous in the list", () => mover.move(-1)],
  Enter: ["Open the one that is marked", () => mover.open()],
  r: ["Runs", () => go("/runs")],
  o: ["Jobs", () => go("/jobs")],
  s: ["SQL", () => go("/sql")],
  w: ["Workflows", () => go("/workflows")],
  d: ["Dremio", () => go("/dremio")],
  e: ["To the editor of SQL", focus("[data-editor]")],
  a: ["Admin", () => go("/admin")],
  l: ["To the log", focus("[data-log]")],
  "?": ["This help", () => { helps.value = !helps.value; }],
};

export function listen() {
  addEventListener("keydown", (event) => {
    const at = /** @type {HTMLElement} */ (event.composedPath()[0] ?? event.target); // also inside of the editor
    if (event.key === "Escape" && at.matches("[data-search]")) at.blur();
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (at.isContentEditable || at.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && at.matches("a, button, summary, [tabindex='0']")) return;
    const known = KEYS[event.key];
    if (!known) return;
    event.preventDefault();
    known[1]();
  });
}

export const Help = () => (helps.value
  ? html`<${Dialog} title="Keyboard" close=${() => { helps.value = false; }}>
      <dl class="keys">${Object.entries(KEYS).map(([key, [what]]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}
      <div><dt><kbd>Esc</kbd></dt><dd>Close, or leave the search</dd></div></dl>
    <//>`
  : null);
