// @ts-check
// What is offered while somebody types: what may stand here, and the columns of the tables that the text names.

const CALLING = /\b(?:exec|method(?:\s+extended)?)\s+$/i;
const NAMED = /\b(?:from|join|into|update|replace|describe|table)\s+((?:\w+\.)*\w+)(?:\s+(?:as\s+)?(?!where\b|on\b|join\b|left\b|set\b|group\b|order\b|limit\b)(\w+))?/gi;
const USUAL = 2;

/**
 * @param {any} words what the server knows
 * @returns {{paths: string[], ofPath: Map<string, any>, plain: any[]}}
 */
export function known(words) {
  const ofPath = new Map([...words.resources, ...words.views].map((/** @type {any} */ one) => [one.path, one]));
  for (const [alias, path] of Object.entries(words.aliases)) if (ofPath.has(path)) ofPath.set(alias, ofPath.get(path));
  const usual = new Set(words.usual);
  const plain = [
    ...words.keywords.map((/** @type {string} */ label) => ({ label, type: "keyword" })),
    ...words.functions.map((/** @type {string} */ label) => ({ label, type: "function", apply: `${label}(`, boost: usual.has(label) ? USUAL : 0 })),
  ];
  return { paths: [...ofPath.keys()], ofPath, plain };
}

/** What completes a word. @param {any} all @param {string} word @param {string} before @param {string} text */
export function offered(all, word, before, text) {
  const named = tables(all, text);
  const [of, start] = word.includes(".") ? [word.slice(0, word.lastIndexOf(".")).toLowerCase(), word.lastIndexOf(".") + 1] : ["", 0];
  if (of) return { start, options: dotted(all, named, of, CALLING.test(before)) };
  const columns = [...new Set(named.values())].flatMap((one) => shown(one, 3));
  const roots = [...new Set(all.paths.map((/** @type {string} */ path) => path.split(".")[0]))];
  const names = [...named.keys(), ...roots].map((label) => ({ label, type: all.ofPath.has(label) ? "class" : "namespace", boost: 1 }));
  return { start, options: [...columns, ...names, ...all.plain] };
}

/** @param {any} all @param {Map<string, any>} named @param {string} of @param {boolean} calls */
function dotted(all, named, of, calls) {
  const begin = `${of}.`;
  const parts = [...new Set(all.paths.filter((/** @type {string} */ path) => path.startsWith(begin)).map((/** @type {string} */ path) => path.slice(begin.length).split(".")[0]))];
  const options = parts.map((label) => ({ label, type: all.ofPath.has(begin + label) ? "class" : "namespace", detail: all.ofPath.get(begin + label)?.description?.slice(0, 60) }));
  const resource = named.get(of) ?? all.ofPath.get(of);
  if (!resource) return options;
  const methods = (resource.methods ?? []).map((/** @type {any} */ [label, verb, required]) => ({ label, type: "method", detail: `${verb} ${required.join(", ")}` }));
  return calls ? methods : [...options, ...shown(resource, 3)];
}

/** @param {any} resource @param {number} boost */
const shown = (resource, boost) => resource.columns.map((/** @type {any} */ [label, type]) => ({ label, type: "property", detail: type, boost }));

/** The tables that a text names, by their names and by those it gives them. @param {any} all @param {string} text */
function tables(all, text) {
  const found = new Map();
  for (const [, path, alias] of text.matchAll(NAMED)) {
    const resource = all.ofPath.get(path.toLowerCase());
    if (!resource) continue;
    found.set((alias ?? path.split(".").at(-1)).toLowerCase(), resource);
  }
  return found;
}
