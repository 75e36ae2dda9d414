// @ts-check
// What several pages are made of.
import { clock, exact, isLive, lasting, near, now, tookMs, word } from "./format.js";
import { first, session, whyNot } from "./api.js";
import { html, signal, useEffect, useRef, useState } from "./h.js";

/** @param {{phase: string, small?: boolean}} told */
export const Phase = ({ phase, small }) =>
  html`<span class=${`phase ${phase} ${small ? "small" : ""}`}><i class=${`dot ${isLive(phase) ? "live" : ""}`}></i>${word(phase)}</span>`;

/** A moment in the reader's zone; the exact instant on hover. @param {{at?: number, as?: string}} told */
export function Moment({ at, as }) {
  if (at === undefined || at === null) return html`<span class="quiet">–</span>`;
  const text = as === "clock" ? clock(at) : near(at, now.value);
  return html`<time datetime=${new Date(at).toISOString()} onPointerEnter=${(/** @type {any} */ event) => { event.currentTarget.title = exact(at); }}>${text}</time>`;
}

/** @param {{run: any}} told */
export function Took({ run }) {
  if (!isLive(run.phase)) {
    return run.running_at === undefined ? html`<span class="quiet">–</span>` : html`<span>${lasting(tookMs(run, 0))}</span>`;
  }
  return html`<span>${lasting(tookMs(run, now.value))}</span>`;
}

/** @param {{title: any, aside?: any, children?: any, class?: string, id?: string}} told */
export const Panel = ({ title, aside, children, class: kind = "", id }) =>
  html`<section class=${`panel ${kind}`} aria-label=${typeof title === "string" ? title : undefined} id=${id}>
    <header><h2>${title}</h2><div class="aside">${aside}</div></header>
    ${children}
  </section>`;

/** @param {{title: string, children?: any}} told */
export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2>${children}</div>`;

/** @param {{error: Error | null}} told */
export const Problem = ({ error }) => (error ? html`<p class="problem" role="alert">${error.message}</p>` : null);

/** What stands in the place of what could not be had: it is not there, it is not for this reader, or nobody answers.
 * @param {{error: any, what: string, children?: any}} told */
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

/** Text with a button that copies it. @param {{text: string, label?: string}} told */
export function Copy({ text, label = "Copy" }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async () => { await navigator.clipboard.writeText(text); setDone(true); };
  return html`<button type="button" class="small" onClick=${copy} aria-label=${`${label}: ${text.slice(0, 60)}`}>${done ? "Copied" : label}</button>`;
}

/**
 * A button for what not everybody may do: whoever may not sees it, cannot press it, and learns why.
 * @param {{need?: string, class?: string, onClick?: (event: any) => void, type?: string, disabled?: boolean, children?: any}} told
 */
export function Act({ need = "operator", class: kind, onClick, type = "button", disabled, children }) {
  const why = whyNot(need);
  return html`<button type=${type} class=${kind} onClick=${why ? undefined : onClick} disabled=${disabled || Boolean(why)} title=${why || undefined}>${children}</button>`;
}

/** What is shown in the place of a page or panel that the reader may not see. @param {{need: string, what: string}} told */
export const NotAllowed = ({ need, what }) => html`<div class="empty forbidden"><h2>${what} is for ${need === "admin" ? "administrators" : `users with the role ${need}`}</h2>
  <p>${whyNot(need)} An administrator can give it to you:</p><${Command} text=${`runyard users role ${session.value?.user ?? "NAME"} ${need}`} /></div>`;

/** @param {{text: string}} told */
export const Command = ({ text }) => html`<div class="command"><code>${text}</code><${Copy} text=${text} /></div>`;

/** @param {{title: string, close: () => void, children?: any}} told */
export function Dialog({ title, close, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => { box.current?.showModal(); }, []);
  return html`<dialog ref=${box} aria-label=${title} onClose=${close}
    onClick=${(/** @type {MouseEvent} */ event) => { if (event.target === box.current) close(); }}>
    <div class="inside"><header><h2>${title}</h2><button type="button" class="plain" onClick=${close} aria-label="Close">✕</button></header>
    ${children}</div>
  </dialog>`;
}

/** What was done, told for a moment. */
export const said = signal("");
let quiet = 0;
/** @param {string} text */
export function say(text) {
  said.value = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => { said.value = ""; }, 5000);
}

/** What a page looks at: it is asked for when the key changes, and on `again()`; at first it may have come ahead for a path.
 * @template T @param {string} key @param {(stop: AbortSignal) => Promise<T>} fetch @param {string} [path]
 * @returns {{value: T | null, error: Error | null, again: () => void}} */
export function useAnswer(key, fetch, path) {
  const [state, setState] = useState(/** @returns {{key: string, value: T | null, error: Error | null}} */ () => ({ key, value: (path && first(path)) ?? null, error: null }));
  const [round, setRound] = useState(0);
  const isThere = useRef(state.value !== null);
  useEffect(() => {
    if (isThere.current) { isThere.current = false; return undefined; }
    const stop = new AbortController();
    fetch(stop.signal).then(
      (value) => { if (!stop.signal.aborted) setState({ key, value, error: null }); },
      (error) => { if (!stop.signal.aborted) setState((old) => ({ key, value: old.key === key ? old.value : null, error })); },
    );
    return () => stop.abort();
  }, [key, round]);
  const mine = state.key === key;
  return { value: mine ? state.value : null, error: mine ? state.error : null, again: () => setRound((one) => one + 1) };
}

/** Call at most so often, and once more at the end. @param {() => void} work @param {number} ms */
export function calmly(work, ms) {
  let timer = 0;
  let waits = false;
  return () => {
    if (timer) { waits = true; return; }
    work();
    const rest = () => { timer = 0; if (waits) { waits = false; work(); timer = setTimeout(rest, ms); } };
    timer = setTimeout(rest, ms);
  };
}
