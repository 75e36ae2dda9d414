// @ts-check
// Rows as a picture: one column along, one or more upward. uPlot comes only when somebody asks for a picture.
import { effect, html, useEffect, useMemo, useRef, useState } from "./h.js";
import { dress } from "./lazy.js";
import { theme } from "./theme.js";

const HIGH = 280;
const KINDS = { bars: "Bars", line: "Line", points: "Points" };
const COLOURS = ["--running", "--succeeded", "--timed_out", "--upstream_failed", "--failed", "--stopping"];
const MOST_SERIES = COLOURS.length;
const A_MOMENT = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const IS_NAME = /(^|_)id$/i; // a number that counts nothing
/** @type {typeof import("uplot") | null} */
let Plot = null; // kept: even a module that is there comes late, and what is drawn again would be gone until then

/** A value as a number, if it is one; services write large numbers as text. @param {any} value */
export function amount(value) {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : null;
}

/** Which columns hold numbers, and which fits along best. @param {any[][]} rows @param {string[]} columns */
export function readable(rows, columns) {
  const numbers = columns.map((_, at) => at).filter((at) => rows.some((row) => amount(row[at]) !== null) && rows.every((row) => row[at] === null || amount(row[at]) !== null));
  const others = columns.map((_, at) => at).filter((at) => !numbers.includes(at));
  const along = others[0] ?? (numbers.length > 1 ? numbers[0] : -1);
  return { numbers, along, upward: [...numbers].sort((one, other) => Number(IS_NAME.test(columns[one])) - Number(IS_NAME.test(columns[other]))).filter((at) => at !== along).slice(0, 1) };
}

/** What is drawn may come from outside, and whoever gave it is told of changes: names of columns, and the kind.
 * @param {{columns: string[], rows: any[][], note?: string, chosen?: {x?: string, y?: string, kind?: string}, choose?: (words: Record<string, string>) => void}} told */
export function Chart({ columns, rows, note, chosen = {}, choose = () => {} }) {
  const known = useMemo(() => readable(rows, columns), [rows, columns]);
  const [along, setAlong] = useState(chosen.x === undefined ? known.along : columns.indexOf(chosen.x));
  const [upward, setUpward] = useState(() => { const named = (chosen.y ?? "").split(",").map((name) => columns.indexOf(name)).filter((at) => known.numbers.includes(at)); return named.length ? named : known.upward; });
  const scale = useMemo(() => placed(rows, along), [rows, along]);
  const [kind, setKind] = useState(chosen.kind && chosen.kind in KINDS ? chosen.kind : scale.kind === "text" ? "bars" : "line");
  if (known.numbers.length === 0) return html`<p class="quiet">No column of these rows holds numbers, which a chart would need.</p>`;
  const flip = (/** @type {number} */ at) => {
    const next = upward.includes(at) ? upward.filter((one) => one !== at) : [...upward, at].slice(-MOST_SERIES);
    setUpward(next);
    choose({ y: next.map((one) => columns[one]).join(",") });
  };
  return html`<div class="chart"><div class="tools"><label class="inline">along <select value=${along} onChange=${(/** @type {any} */ event) => { const at = Number(event.target.value); setAlong(at); choose({ x: columns[at] ?? "#" }); }}>
      <option value="-1">row number</option>${columns.map((name, at) => html`<option key=${at} value=${at}>${name}</option>`)}</select></label>
    <span class="tabs" role="group" aria-label="Upward">${known.numbers.filter((at) => at !== along).map((at) => html`<button type="button" class="small" key=${at} aria-pressed=${upward.includes(at)} onClick=${() => flip(at)}>${columns[at]}</button>`)}</span>
    <span class="tabs" role="group" aria-label="Kind of chart">${Object.entries(KINDS).map(([name, title]) => html`<button type="button" class="small" key=${name} aria-pressed=${kind === name} onClick=${() => { setKind(name); choose({ kind: name }); }}>${title}</button>`)}</span></div>
    <${Drawn} scale=${scale} series=${upward.filter((at) => at !== along).map((at) => ({ name: columns[at], values: scale.order.map((row) => amount(rows[row][at])) }))} kind=${kind} name=${columns[along] ?? "row"} />
    ${note ? html`<p class="quiet">${note}</p>` : null}</div>`;
}

/** Where each row stands along: by its moment, its number, or one beside the other. @param {any[][]} rows @param {number} along */
function placed(rows, along) {
  const values = rows.map((row, at) => (along < 0 ? at + 1 : row[along]));
  const order = rows.map((_, at) => at);
  const sorted = (/** @type {(number | null)[]} */ places) => {
    const kept = order.filter((at) => places[at] !== null).sort((one, other) => /** @type {number} */ (places[one]) - /** @type {number} */ (places[other]));
    return { order: kept, places: kept.map((at) => /** @type {number} */ (places[at])) };
  };
  if (values.length && values.every((value) => value === null || A_MOMENT.test(String(value)))) return { kind: "moment", labels: [], ...sorted(values.map((value) => (value === null ? null : Date.parse(String(value).replace(" ", "T")) / 1000))) };
  if (values.every((value) => value === null || amount(value) !== null)) return { kind: "number", labels: [], ...sorted(values.map(amount)) };
  return { kind: "text", labels: values.map((value) => (value === null ? "null" : String(value))), order, places: order };
}

/** @param {{scale: any, series: {name: string, values: (number | null)[]}[], kind: string, name: string}} told */
function Drawn({ scale, series, kind, name }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const told = JSON.stringify([scale.kind, scale.places, series, kind, name]);
  useEffect(() => {
    let isGone = false;
    /** @type {(() => void)[]} */
    const ends = [];
    drawing(box, { scale, series, kind, name }).then((draw) => {
      if (isGone || !draw) return;
      let drawn = draw();
      ends.push(() => drawn.destroy());
      const resized = new ResizeObserver(() => { if (box.current) drawn.setSize({ width: box.current.clientWidth, height: HIGH }); });
      if (box.current) resized.observe(box.current);
      ends.push(() => resized.disconnect());
      let isFirst = true;
      ends.push(effect(() => { void theme.value; if (isFirst) { isFirst = false; return; } drawn.destroy(); drawn = draw(); }));
    });
    return () => { isGone = true; for (const end of ends) end(); };
  }, [told]);
  const summary = `${series.map((one) => one.name).join(", ") || "nothing"} by ${name}, ${scale.places.length} rows`;
  return html`<div class="canvas" ref=${box} role="img" aria-label=${`Chart of ${summary}`}></div>`;
}

/** @param {{current: HTMLElement | null}} box @param {{scale: any, series: any[], kind: string, name: string}} told */
async function drawing(box, { scale, series, kind, name }) {
  const Library = (Plot ??= (await import("uplot")).default);
  await dress("vendor/uplot.css");
  if (!box.current) return null;
  const paths = kind === "bars" ? Library.paths.bars?.({ size: [0.7, 60] }) : kind === "points" ? () => null : undefined;
  return () => {
    const element = /** @type {HTMLElement} */ (box.current);
    const colour = (/** @type {string} */ word) => getComputedStyle(element).getPropertyValue(word).trim();
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const label = (/** @type {number} */ at) => { const text = scale.labels[at] ?? ""; return text.length > 14 ? `${text.slice(0, 13)}…` : text; };
    const along = scale.kind === "text" ? { ...axis, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((one) => (Number.isInteger(one) ? label(one) : "")) } : axis;
    const edge = kind === "bars" || scale.places.length < 2 ? { range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) => spread(low, high, scale.places.length) } : {};
    return new Library(/** @type {any} */ ({
      width: element.clientWidth, height: HIGH, legend: { live: true }, cursor: { y: false },
      scales: { x: { time: scale.kind === "moment", ...edge }, y: kind === "bars" ? { range: fromZero } : {} },
      axes: [along, { ...axis, size: broad }],
      series: [{ label: name, value: (/** @type {any} */ _, /** @type {number} */ at) => (at === null ? "–" : scale.kind === "text" ? scale.labels[at] ?? "" : scale.kind === "moment" ? new Date(at * 1000).toLocaleString() : String(at)) },
        ...series.map((one, at) => ({ label: one.name, stroke: colour(COLOURS[at]), fill: kind === "bars" ? `color-mix(in srgb, ${colour(COLOURS[at])} 55%, transparent)` : undefined, width: 2, paths, points: { show: kind === "points" || undefined, size: 6 } }))],
    }), [scale.places, ...series.map((one) => one.values)], element);
  };
}

/** Bars begin at nothing, or they would lie. @param {any} _ @param {number} low @param {number} high */
const fromZero = (_, low, high) => [Math.min(0, low * 1.05), Math.max(0, high * 1.05) || 1];

/** As broad as its longest number. @param {any} _ @param {string[] | null} values */
const broad = (_, values) => Math.max(48, ...(values ?? []).map((one) => 16 + 7.2 * String(one).length));

/** Leave room for the first and the last bar. @param {number} low @param {number} high @param {number} count */
const spread = (low, high, count) => { const room = count > 1 ? (high - low) / (count - 1) / 2 : 0.5; return [low - room, high + room]; };
