// @ts-check
// Values of results as people read them, by the types of their columns.
import { exact } from "../ui/format.js";
import { html } from "../ui/h.js";

const MOMENT = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
export const NUMBERS = new Set(["bigint", "double"]);
const LATEST = 8.64e15;

/** @param {any} value */
export const isCut = (value) => typeof value === "object" && value !== null && "cut" in value;
/** @param {any} value @param {string} type */
export const isMoment = (value, type) => type === "timestamp" && typeof value === "number" && Math.abs(value) < LATEST;

/** A value as one line of text. @param {any} value @param {string} type */
export function text(value, type) {
  if (value === null) return "null";
  if (isCut(value)) return `${value.cut}…`;
  return isMoment(value, type) ? MOMENT.format(value) : String(value);
}

/** @param {{value: any, type: string}} told */
export function Value({ value, type }) {
  if (value === null) return html`<span class="null">null</span>`;
  if (isMoment(value, type)) return html`<time datetime=${new Date(value).toISOString()} title=${exact(value)}>${MOMENT.format(value)}</time>`;
  return html`${text(value, type).replaceAll("\n", "⏎")}`;
}

/** A value in full, a document with its lines. @param {any} value @param {string} type */
export function whole(value, type) {
  if (isMoment(value, type)) return `${MOMENT.format(value)}\n${new Date(value).toISOString()}`;
  if (type === "json" && typeof value === "string") {
    try { return JSON.stringify(JSON.parse(value), null, 2); } catch { return value; }
  }
  return text(value, type);
}

/** A value as a chart takes it: moments as their text, so that they are not taken for numbers. @param {any} value @param {string} type */
export const charted = (value, type) => (isMoment(value, type) ? new Date(value).toISOString() : isCut(value) ? value.cut : typeof value === "boolean" ? String(value) : value);
