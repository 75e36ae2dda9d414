// @ts-check
// The tasks of a run as a graph, laid out by dagre.
import { graphlib, layout } from "@dagrejs/dagre";
import { word } from "./format.js";
import { html, useMemo } from "./h.js";

const WIDE = 168;
const HIGH = 38;
const MANY = 250; // from here on a quicker layout
const SMALLEST = 0.7; // how far a wide graph shrinks before it scrolls
const LONGEST = 21; // characters of a name

/** @param {{tasks: any[], latest: Map<string, any>, chosen: string, choose: (key: string) => void}} told */
export function Graph({ tasks, latest, chosen, choose }) {
  const shape = useMemo(() => laid(tasks), [JSON.stringify(tasks.map((task) => [task.key, task.depends_on]))]);
  return html`<div class="graph" tabindex="0" role="region" aria-label="Graph of tasks"><svg width=${shape.width} height=${shape.height} style=${{ minWidth: `${Math.round(shape.width * SMALLEST)}px` }} viewBox=${`0 0 ${shape.width} ${shape.height}`}>
    ${shape.edges.map((edge) => html`<path key=${edge.id} class=${`edge ${latest.get(edge.from)?.phase ?? ""}`} d=${edge.path} />`)}
    ${shape.nodes.map((node) => {
      const phase = latest.get(node.key)?.phase ?? "none";
      const name = node.key.length > LONGEST ? `${node.key.slice(0, LONGEST - 1)}…` : node.key;
      return html`<g key=${node.key} class=${`node ${phase} ${node.key === chosen ? "chosen" : ""}`} transform=${`translate(${node.x - WIDE / 2} ${node.y - HIGH / 2})`}
        role="button" tabindex="0" aria-label=${`${node.key}: ${word(phase)}`} aria-pressed=${node.key === chosen}
        onClick=${() => choose(node.key)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(node.key); } }}>
        <title>${node.key}: ${word(phase)}</title><rect width=${WIDE} height=${HIGH} rx="9" /><circle cx="16" cy=${HIGH / 2} r="5" /><text x="29" y=${HIGH / 2 + 4.5}>${name}</text></g>`;
    })}</svg></div>`;
}

/** @param {any[]} tasks */
function laid(tasks) {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 46, marginx: 12, marginy: 12, ranker: tasks.length > MANY ? "longest-path" : "network-simplex" });
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
