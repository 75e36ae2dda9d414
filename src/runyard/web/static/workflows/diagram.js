// @ts-check
// A workflow as a diagram: what may follow each step as the document says it, and over it the way that was taken.
import { graphlib, layout } from "@dagrejs/dagre";
import { html, useMemo } from "../ui/h.js";

const WIDE = 210;
const HIGH = 46;
const EDGE = 14;
const LETTER = 6.3;
const LONGEST = 24;
const LONGEST_LABEL = 26;
const SMALLEST = 0.75;
const LOOP = 40; // how far a way back to the same step goes out
const STRAIGHT = 12; // how much the way of success is kept straight
const START = "\u0000start";
const END = "\u0000end";
const FAILED = "\u0000failed";
/** @type {Record<string, string>} */
const ROUND = { [START]: "start", [END]: "end", [FAILED]: "failed" };

/** @param {{flow: any, executions: any[], chosen: string, choose: (step: string) => void, hasEnded: boolean, isGood: boolean}} told */
export function Diagram({ flow, executions, chosen, choose, hasEnded, isGood }) {
  const way = useMemo(() => taken(flow, executions, hasEnded, isGood), [flow, executions, hasEnded, isGood]);
  const shape = useMemo(() => laid(flow), [flow]);
  return html`<div class="graph flow" tabindex="0" role="region" aria-label=${`Diagram of ${flow.id}`}><svg width=${shape.width} height=${shape.height} style=${{ minWidth: `${Math.round(shape.width * SMALLEST)}px` }} viewBox=${`0 0 ${shape.width} ${shape.height}`}>
    <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" class="tip" /></marker><marker id="tip-taken" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" class="tip taken" /></marker></defs>
    ${shape.edges.map((/** @type {any} */ edge) => {
      const count = way.moves.get(`${edge.from} ${edge.to}`) ?? 0;
      return html`<g key=${edge.name}><path class=${`edge ${edge.on} ${count ? "taken" : ""}`} d=${edge.path} marker-end=${count ? "url(#tip-taken)" : "url(#tip)"}><title>${edge.title}${count ? `, taken ${count === 1 ? "once" : `${count} times`}` : ""}</title></path>
        ${edge.label || count > 1 ? html`<text class=${`named ${count ? "taken" : ""}`} x=${edge.x} y=${edge.y} text-anchor=${edge.from === edge.to ? "start" : "middle"}>${edge.label}${count > 1 ? ` ×${count}` : ""}</text>` : null}</g>`;
    })}
    ${shape.nodes.map((/** @type {any} */ node) => {
      const round = ROUND[node.key];
      if (round) return html`<g key=${node.key} class=${`stop ${round} ${way.stops.has(node.key) ? "taken" : ""}`} transform=${`translate(${node.x} ${node.y})`}><rect x="-34" y="-13" width="68" height="26" rx="13" /><text y="4.5" text-anchor="middle">${round}</text></g>`;
      const state = way.states.get(node.key) ?? "none";
      const name = node.key.length > LONGEST ? `${node.key.slice(0, LONGEST - 1)}…` : node.key;
      const count = way.counts.get(node.key) ?? 0;
      return html`<g key=${node.key} class=${`node ${state} ${node.key === chosen ? "chosen" : ""}`} transform=${`translate(${node.x - WIDE / 2} ${node.y - HIGH / 2})`} role="button" tabindex="0" aria-pressed=${node.key === chosen}
        aria-label=${`Step ${node.key}: ${count ? `${state}, executed ${count === 1 ? "once" : `${count} times`}` : "not reached"}`} onClick=${() => choose(node.key)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(node.key); } }}>
        <title>${node.key} calls ${node.calls}</title><rect width=${WIDE} height=${HIGH} rx="9" /><circle cx="16" cy=${HIGH / 2} r="5" /><text x="29" y="20">${name}${count > 1 ? ` ×${count}` : ""}</text><text class="calls" x="29" y="36">${node.calls.length > 29 ? `${node.calls.slice(0, 28)}…` : node.calls}</text></g>`;
    })}</svg></div>`;
}

/** Which moves were made, how often each step was executed, and how it ended last. @param {any} flow @param {any[]} executions @param {boolean} hasEnded @param {boolean} isGood */
function taken(flow, executions, hasEnded, isGood) {
  const moves = new Map();
  const counts = new Map();
  const states = new Map();
  const stops = new Set();
  const add = (/** @type {string} */ from, /** @type {string} */ to, /** @type {number} */ times = 1) => { moves.set(`${from} ${to}`, (moves.get(`${from} ${to}`) ?? 0) + times); };
  let last = null;
  for (const one of executions) {
    if (!last) { add(START, one.step); stops.add(START); } else add(last.step, one.step);
    if (one.left_out) add(one.step, one.step, one.left_out);
    counts.set(one.step, Math.max(one.execution, (counts.get(one.step) ?? 0) + 1));
    states.set(one.step, one.succeeded ? "succeeded" : "failed");
    last = one;
  }
  if (last && hasEnded) {
    const goal = last.succeeded && isGood ? END : FAILED;
    add(last.step, goal);
    stops.add(goal);
  } else if (last) states.set(last.step, "running");
  return { moves, counts, states, stops };
}

/** @param {any} flow */
function laid(flow) {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 34, ranksep: 34, edgesep: 16, marginx: EDGE, marginy: EDGE });
  const steps = flow.steps.map((/** @type {any} */ step) => step.id);
  const known = new Set(steps);
  for (const step of flow.steps) graph.setNode(step.id, { width: WIDE, height: HIGH, calls: step.calls });
  for (const key of [START, END]) graph.setNode(key, { width: 68, height: 26 });
  const edges = [edge(START, steps[0] ?? END, "success", "", "begins")];
  flow.steps.forEach((/** @type {any} */ step, /** @type {number} */ at) => {
    const next = steps[at + 1] ?? END;
    const onSuccess = step.actions.filter((/** @type {any} */ one) => one.on === "success");
    if (onSuccess.every((/** @type {any} */ one) => one.when)) edges.push(edge(step.id, next, "success", "", "next"));
    for (const one of step.actions) edges.push(edge(step.id, goal(one, step, known), one.on, one.type === "retry" ? `retry ≤ ${one.limit}` : one.name, `${one.name}: ${one.type}${one.workflow ? ` workflow ${one.workflow}` : ""}${one.when ? ` if ${one.when}` : ""}`));
    if (!step.actions.some((/** @type {any} */ one) => one.on === "failure" && !one.when)) edges.push(edge(step.id, FAILED, "failure", "", "fails"));
  });
  const merged = new Map();
  for (const one of edges) {
    const key = `${one.from} ${one.to} ${one.on}`;
    const old = merged.get(key);
    merged.set(key, old ? { ...old, label: [old.label, one.label].filter(Boolean).join(", "), title: `${old.title}; ${one.title}` } : { ...one, name: key });
  }
  if ([...merged.values()].some((one) => one.to === FAILED)) graph.setNode(FAILED, { width: 68, height: 26 });
  for (const one of merged.values()) {
    one.label = one.label.length > LONGEST_LABEL ? `${one.label.slice(0, LONGEST_LABEL - 1)}…` : one.label;
    const room = one.label.length * LETTER + 34;
    if (one.from === one.to) graph.node(one.from).width = Math.max(graph.node(one.from).width, WIDE + 2 * (LOOP + room)); // drawn beside it
    else graph.setEdge(one.from, one.to, { weight: one.on === "success" ? STRAIGHT : 1, ...(one.label ? { width: room, height: 16, labelpos: "c" } : {}) }, one.name);
  }
  layout(graph);
  const whole = graph.graph();
  return {
    width: Math.ceil(whole.width ?? 0), height: Math.ceil(whole.height ?? 0),
    nodes: graph.nodes().map((/** @type {string} */ key) => ({ key, x: graph.node(key).x, y: graph.node(key).y, calls: graph.node(key).calls ?? "" })),
    edges: [...merged.values()].map((one) => {
      if (one.from === one.to) return looped(one, graph.node(one.from));
      const { points, x, y } = graph.edge(one.from, one.to, one.name);
      const middle = points[Math.floor(points.length / 2)];
      return { ...one, path: curve(points), x: x ?? middle.x + 8, y: (y ?? middle.y) + 4 };
    }),
  };
}

/** A way from a step back to itself, at its right. @param {any} one @param {{x: number, y: number}} node */
function looped(one, { x, y }) {
  const right = x + WIDE / 2;
  const low = one.on === "failure" ? 12 : 0; // a retry and a poll of one step lie beside each other
  return { ...one, path: `M${right} ${y - 8 + low} C${right + LOOP} ${y - 26 + low} ${right + LOOP} ${y + 26 + low} ${right + 2} ${y + 8 + low}`, x: right + LOOP - 4, y: y + 4 + low };
}

/** @param {string} from @param {string} to @param {string} on @param {string} label @param {string} title */
const edge = (from, to, on, label, title) => ({ from, to, on, label, title, name: "" });

/** Where an action leads within its workflow. @param {any} action @param {any} step @param {Set<string>} known */
function goal(action, step, known) {
  if (action.type === "retry") return step.id;
  if (action.type === "goto" && known.has(action.step)) return action.step;
  return action.on === "success" ? END : action.type === "goto" ? END : FAILED;
}

/** @param {{x: number, y: number}[]} points */
function curve(points) {
  const [first, ...rest] = points;
  let path = `M${first.x} ${first.y}`;
  for (let at = 0; at < rest.length - 1; at += 1) {
    const middle = { x: (rest[at].x + rest[at + 1].x) / 2, y: (rest[at].y + rest[at + 1].y) / 2 };
    path += at === rest.length - 2 ? ` Q${rest[at].x} ${rest[at].y} ${rest[at + 1].x} ${rest[at + 1].y}` : ` Q${rest[at].x} ${rest[at].y} ${middle.x} ${middle.y}`;
  }
  return rest.length === 1 ? `${path} L${rest[0].x} ${rest[0].y}` : path;
}
