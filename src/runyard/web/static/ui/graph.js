// @ts-check
// The tasks of a run as a graph, laid out by dagre.
import { graphlib, layout } from "@dagrejs/dagre";
import { word } from "./format.js";
import { html, useEffect, useMemo, useRef, useState } from "./h.js";

const WIDE = 168;
const HIGH = 38;
const MANY = 150; // tasks from which on dagre takes too long (half a minute for 1,000)
const ACROSS = 46; // between layers
const DOWN = 14; // between tasks of a layer
const EDGE = 12;
const SMALLEST = 0.7; // how far a wide graph shrinks before it scrolls
const LONGEST = 18; // characters of a name
const FEW = 30; // tasks up to which nobody needs to look closer
const STEP = 1.25;
const [LEAST, LARGEST] = [0.08, 2];

/** @param {{tasks: any[], latest: Map<string, any>, chosen: string, choose: (key: string) => void}} told */
export function Graph({ tasks, latest, chosen, choose }) {
  const shape = useMemo(() => (tasks.length > MANY ? layered(tasks) : laid(tasks)), [JSON.stringify(tasks.map((task) => [task.key, task.depends_on]))]);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [zoom, setZoom] = useState(/** @type {number | null} */ (null)); // null: as wide as the panel, if that stays readable
  const phases = shape.nodes.map((node) => latest.get(node.key)?.phase ?? "none").join();
  const drawn = useMemo(() => [...shape.edges.map((edge) => html`<path key=${edge.id} class=${`edge ${latest.get(edge.from)?.phase ?? ""}`} d=${edge.path} />`),
    ...shape.nodes.map((node) => html`<${Node} key=${node.key} node=${node} phase=${latest.get(node.key)?.phase ?? "none"} isChosen=${node.key === chosen} choose=${choose} />`)], [shape, phases, chosen]);
  useEffect(() => { const node = shape.nodes.find((one) => one.key === chosen); if (node && box.current) show(box.current, node, shape); }, [shape, chosen]);
  const scale = () => (box.current?.querySelector("svg")?.clientWidth ?? shape.width) / shape.width;
  const to = (/** @type {number} */ factor) => setZoom(Math.min(LARGEST, Math.max(LEAST, scale() * factor)));
  const press = (/** @type {KeyboardEvent} */ event) => {
    const does = { "+": () => to(STEP), "-": () => to(1 / STEP), 0: () => setZoom(null) }[event.key];
    if (does && !event.ctrlKey && !event.metaKey) { event.preventDefault(); event.stopPropagation(); does(); }
  };
  const wheel = (/** @type {WheelEvent} */ event) => { if (event.ctrlKey) { event.preventDefault(); to(event.deltaY < 0 ? STEP : 1 / STEP); } };
  const size = zoom === null ? { minWidth: `${Math.round(shape.width * SMALLEST)}px` } : { width: `${Math.round(shape.width * zoom)}px`, maxWidth: "none" };
  return html`<div class="around"><div class="graph" tabindex="0" role="region" aria-label="Graph of tasks" ref=${box} onKeyDown=${press} onWheel=${wheel} onPointerDown=${drag}>
    <svg width=${shape.width} height=${shape.height} style=${size} viewBox=${`0 0 ${shape.width} ${shape.height}`}>${drawn}</svg></div>
    ${tasks.length > FEW ? html`<div class="zoom" role="group" aria-label="Zoom"><button type="button" class="small" onClick=${() => to(1 / STEP)} aria-label="Smaller" title="Smaller (-)">−</button><button type="button" class="small" onClick=${() => setZoom(null)} title="As wide as here (0)">Fit</button><button type="button" class="small" onClick=${() => to(STEP)} aria-label="Larger" title="Larger (+)">+</button></div>` : null}</div>`;
}

/** @param {{node: {key: string, x: number, y: number}, phase: string, isChosen: boolean, choose: (key: string) => void}} told */
function Node({ node, phase, isChosen, choose }) {
  const name = node.key.length > LONGEST ? `${node.key.slice(0, LONGEST - 1)}…` : node.key;
  const press = (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(node.key); } };
  return html`<g class=${`node ${phase} ${isChosen ? "chosen" : ""}`} transform=${`translate(${node.x - WIDE / 2} ${node.y - HIGH / 2})`} role="button" tabindex="0" aria-label=${`${node.key}: ${word(phase)}`} aria-pressed=${isChosen}
    onClick=${() => choose(node.key)} onKeyDown=${press}><title>${node.key}: ${word(phase)}</title><rect width=${WIDE} height=${HIGH} rx="9" /><circle cx="16" cy=${HIGH / 2} r="5" /><text x="29" y=${HIGH / 2 + 4.5}>${name}</text></g>`;
}

/** Bring a task into sight, if it is not. @param {HTMLElement} box @param {{x: number, y: number}} node @param {{width: number}} shape */
function show(box, node, shape) {
  const scale = (box.querySelector("svg")?.clientWidth ?? shape.width) / shape.width;
  const [left, top] = [node.x * scale, node.y * scale];
  const isSeen = left > box.scrollLeft && left < box.scrollLeft + box.clientWidth && top > box.scrollTop && top < box.scrollTop + box.clientHeight;
  if (!isSeen) box.scrollTo(left - box.clientWidth / 2, top - box.clientHeight / 2);
}

/** Move the graph under the mouse; fingers do so by themselves. @param {PointerEvent} down */
function drag(down) {
  const box = /** @type {HTMLElement} */ (down.currentTarget);
  if (down.pointerType !== "mouse" || down.button || /** @type {Element} */ (down.target).closest(".node")) return;
  const from = { left: box.scrollLeft, top: box.scrollTop };
  const move = (/** @type {PointerEvent} */ event) => box.scrollTo(from.left - (event.clientX - down.clientX), from.top - (event.clientY - down.clientY));
  const end = () => { box.classList.remove("moved"); removeEventListener("pointermove", move); };
  box.classList.add("moved");
  addEventListener("pointermove", move);
  addEventListener("pointerup", end, { once: true });
}

/** @param {any[]} tasks */
function laid(tasks) {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: DOWN, ranksep: ACROSS, marginx: EDGE, marginy: EDGE });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const task of tasks) graph.setNode(task.key, { width: WIDE, height: HIGH });
  for (const task of tasks) for (const before of task.depends_on ?? []) graph.setEdge(before, task.key);
  layout(graph);
  const whole = graph.graph();
  return {
    width: Math.ceil(whole.width ?? 0),
    height: Math.ceil(whole.height ?? 0),
    nodes: graph.nodes().map((/** @type {string} */ key) => ({ key, x: graph.node(key).x, y: graph.node(key).y })),
    edges: graph.edges().map((/** @type {any} */ edge) => ({ id: `${edge.v} ${edge.w}`, from: edge.v, path: curve(graph.edge(edge).points) })),
  };
}

/** A plain layout in one pass: each task behind all it waits for, near the middle of those. @param {any[]} tasks */
function layered(tasks) {
  const byKey = new Map(tasks.map((task) => [task.key, task]));
  /** @type {Map<string, {x: number, y: number, layer: number, row: number}>} */
  const places = new Map();
  /** @type {string[][]} */
  const layers = [];
  const before = (/** @type {string} */ key) => byKey.get(key).depends_on ?? [];
  for (const key of inOrder(tasks, before)) {
    const layer = Math.max(-1, ...before(key).map((/** @type {string} */ one) => places.get(one)?.layer ?? -1)) + 1;
    places.set(key, { x: 0, y: 0, layer, row: 0 });
    (layers[layer] ??= []).push(key);
  }
  for (const [layer, keys] of layers.entries()) {
    const middle = (/** @type {string} */ key) => before(key).reduce((/** @type {number} */ sum, /** @type {string} */ one) => sum + (places.get(one)?.row ?? 0), 0) / Math.max(1, before(key).length);
    const wished = new Map(keys.map((key) => [key, middle(key)]));
    keys.sort((one, other) => /** @type {number} */ (wished.get(one)) - /** @type {number} */ (wished.get(other)));
    keys.forEach((key, row) => Object.assign(/** @type {any} */ (places.get(key)), { row, x: EDGE + WIDE / 2 + layer * (WIDE + ACROSS), y: EDGE + HIGH / 2 + row * (HIGH + DOWN) }));
  }
  const at = (/** @type {string} */ key) => /** @type {any} */ (places.get(key));
  return {
    width: 2 * EDGE + layers.length * (WIDE + ACROSS) - ACROSS,
    height: 2 * EDGE + Math.max(...layers.map((keys) => keys.length)) * (HIGH + DOWN) - DOWN,
    nodes: tasks.map((task) => ({ key: task.key, x: at(task.key).x, y: at(task.key).y })),
    edges: tasks.flatMap((task) => before(task.key).filter((/** @type {string} */ one) => places.has(one)).map((/** @type {string} */ one) => ({ id: `${one} ${task.key}`, from: one,
      path: curve([{ x: at(one).x + WIDE / 2, y: at(one).y }, { x: at(task.key).x - WIDE / 2, y: at(task.key).y }]) }))),
  };
}

/** Tasks so that each comes after those it waits for. @param {any[]} tasks @param {(key: string) => string[]} before */
function inOrder(tasks, before) {
  const open = new Map(tasks.map((task) => [task.key, before(task.key).length]));
  /** @type {Map<string, string[]>} */
  const behind = new Map();
  for (const task of tasks) for (const one of before(task.key)) behind.set(one, [...(behind.get(one) ?? []), task.key]);
  const ready = tasks.filter((task) => !open.get(task.key)).map((task) => task.key);
  for (let at = 0; at < ready.length; at += 1) {
    for (const key of behind.get(ready[at]) ?? []) {
      open.set(key, /** @type {number} */ (open.get(key)) - 1);
      if (!open.get(key)) ready.push(key);
    }
  }
  return ready;
}

/** A smooth line through points. @param {{x: number, y: number}[]} points */
function curve(points) {
  const [first, ...rest] = points;
  let path = `M${first.x} ${first.y}`;
  let last = first;
  for (const point of rest) {
    const middle = (last.x + point.x) / 2;
    path += ` C${middle} ${last.y} ${middle} ${point.y} ${point.x} ${point.y}`;
    last = point;
  }
  return path;
}
