// @ts-check
// Beside the editor: the tables there are, the queries that the workspace keeps, and what was run in this browser.
import { lasting } from "../ui/format.js";
import { html, useEffect, useState } from "../ui/h.js";
import { Act, Dialog, Moment, Problem, say, useAnswer } from "../ui/parts.js";
import { clearHistory, forget, history, keep, kept } from "./asking.js";

const TABS = { tables: "Tables", saved: "Saved", history: "History" };
const MOST = 60; // tables that are listed at once

/** @param {{words: any, insert: (text: string) => void, load: (text: string, chart?: any) => void, stamp: number}} told */
export function Library({ words, insert, load, stamp }) {
  const [tab, setTab] = useState("tables");
  return html`<section class="panel library" aria-label="Library"><header><span class="tabs" role="group" aria-label="Library">${Object.entries(TABS).map(([name, title]) => html`<button type="button" class="small" key=${name} aria-pressed=${tab === name} onClick=${() => setTab(name)}>${title}</button>`)}</span></header>
    ${tab === "tables" ? html`<${Tables} words=${words} insert=${insert} load=${load} />` : null}
    ${tab === "saved" ? html`<${Saved} load=${load} stamp=${stamp} />` : null}
    ${tab === "history" ? html`<${History} load=${load} />` : null}</section>`;
}

/** @param {{words: any, insert: (text: string) => void, load: (text: string) => void}} told */
function Tables({ words, insert, load }) {
  const [text, setText] = useState("");
  if (!words) return html`<p class="quiet" role="status">Loading …</p>`;
  const wanted = text.trim().toLowerCase();
  const every = [...words.views.map((/** @type {any} */ one) => ({ ...one, methods: [], description: "a view of yours" })), ...words.resources];
  const found = every.filter((one) => !wanted || one.path.includes(wanted) || one.columns.some((/** @type {any} */ [name]) => name.toLowerCase().includes(wanted)));
  return html`<input type="search" data-search placeholder="Find a table or column   /" aria-label="Find a table or column" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    ${found.length ? html`<ul class="tables">${found.slice(0, MOST).map((one) => html`<li key=${one.path}><details><summary title=${one.description}><b>${one.path.split(".").at(-1)}</b> <span class="quiet">${one.path.split(".").slice(0, -1).join(".")}</span></summary>
      <p class="actions"><button type="button" class="small" onClick=${() => insert(one.path)}>Insert name</button><button type="button" class="small" onClick=${() => load(`SELECT *\nFROM ${one.path}\nLIMIT 100`)}>Select 100</button></p>
      <ul class="columns">${one.columns.map((/** @type {any} */ [name, type]) => html`<li key=${name}><button type="button" class="link" onClick=${() => insert(name)}>${name}</button> <span class="quiet">${type}</span></li>`)}</ul>
      ${one.methods.length ? html`<p class="quiet methods">${one.methods.map((/** @type {any} */ [name, verb]) => `${name} (${verb})`).join(", ")}</p>` : null}</details></li>`)}</ul>
      ${found.length > MOST ? html`<p class="quiet">${found.length - MOST} more; type to find them.</p>` : null}` : html`<p class="quiet">No table or column is called so.</p>`}`;
}

/** @param {{load: (text: string, chart?: any) => void, stamp: number}} told */
function Saved({ load, stamp }) {
  const { value, error, again } = useAnswer(`kept ${stamp}`, kept);
  const [problem, setProblem] = useState(/** @type {Error | null} */ (null));
  const remove = async (/** @type {string} */ name) => {
    try { await forget(name); say(`${name} is forgotten.`); again(); } catch (failed) { setProblem(/** @type {Error} */ (failed)); }
  };
  if (!value) return html`<${Problem} error=${error} />`;
  if (value.length === 0) return html`<p class="quiet">Nothing is saved yet. <b>Save</b> keeps the text of the editor under a name, for everybody in this workspace.</p>`;
  return html`<${Problem} error=${problem} /><ul class="texts">${value.map((/** @type {any} */ one) => html`<li key=${one.name}><button type="button" class="link" dir="auto" onClick=${() => load(one.text, one.chart)}>${one.name}</button>
    <span class="quiet">${one.by ? `${one.by}, ` : ""}<${Moment} at=${one.updated_at} /></span><pre>${one.text.slice(0, 160)}</pre><${Act} class="small" onClick=${() => remove(one.name)}>Forget ${one.name}<//></li>`)}</ul>`;
}

/** @param {{load: (text: string) => void}} told */
function History({ load }) {
  if (history.value.length === 0) return html`<p class="quiet">What you run is listed here. It stays in this browser.</p>`;
  return html`<p class="actions"><button type="button" class="small" onClick=${clearHistory}>Forget the history</button></p><ul class="texts">${history.value.map((one) => html`<li key=${one.at}><button type="button" class="link" onClick=${() => load(one.text)}><code>${one.text.trim().slice(0, 140)}</code></button>
    <span class="quiet"><${Moment} at=${one.at} /> · ${one.state === "done" ? one.tag : one.state} · ${lasting(one.took_ms)}</span></li>`)}</ul>`;
}

/** @param {{text: string, chart: any, close: () => void, saved: (name: string) => void}} told */
export function Save({ text, chart, close, saved }) {
  const [name, setName] = useState("");
  const [names, setNames] = useState(/** @type {string[]} */ ([]));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  useEffect(() => { kept().then((queries) => setNames(queries.map((/** @type {any} */ one) => one.name))).catch(() => {}); }, []);
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try { await keep({ name: name.trim(), text, chart }); saved(name.trim()); close(); } catch (failed) { setError(/** @type {Error} */ (failed)); }
  };
  return html`<${Dialog} title="Save this query" close=${close}><form onSubmit=${save}>
    <label>Name<input required maxlength="255" autofocus value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} /></label>
    ${names.includes(name.trim()) ? html`<p class="quiet">There is one of this name; saving replaces it.</p>` : null}<p class="quiet">Everybody in this workspace sees it. Do not keep secrets in it.</p><${Problem} error=${error} />
    <footer><button type="button" onClick=${close}>Cancel</button><${Act} type="submit" class="primary">Save<//></footer></form><//>`;
}
