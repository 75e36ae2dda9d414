// @ts-check
// The frame of every page: who is there, where one is, and whether the server still answers.
import { arrived, goTo, session, signOut, told, whoIsThere } from "./api.js";
import { html, render, useEffect, useRef } from "./h.js";
import { Help, helps, listen as listenToKeys } from "./keys.js";
import { bring, Lazy } from "./lazy.js";
import { connect, connection, disconnect, isOutdated } from "./live.js";
import { Empty, said, say } from "./parts.js";
import { followOldLink, listen as listenToLinks, place } from "./router.js";
import { nextTheme, theme } from "./theme.js";

/** @type {{at: string, title: string, module: string, part: string, style?: string}[]} */
const PAGES = told.pages;
const SIGN_IN = "ui/login.js";
const USUAL = ["ui/jobs.js", "ui/run.js", "ui/job.js"]; // they come as soon as there is time
const PATIENCE_MS = 200;

/** @param {string} path */
function pageAt(path) {
  for (const page of PAGES) {
    const found = new RegExp(`^(?:${page.at})$`).exec(path);
    if (found) return { page, id: found[1] ?? "" };
  }
  return null;
}

/** What stands at the top of every page, by where it leads. @type {Record<string, string>} */
const PLACES = { "/runs": "Runs", "/jobs": "Jobs", "/sql": "SQL", "/workflows": "Workflows", "/dremio": "Dremio", "/admin": "Admin" };

function App() {
  useEffect(() => {
    if (!session.value) { disconnect(); return; }
    connect();
  }, [Boolean(session.value)]);
  if (session.value === undefined) return html`<${Waiting} />`;
  if (session.value === null) return html`<${Lazy} module=${SIGN_IN} part="Login" />`;
  const { path } = place.value;
  const { page, id } = pageAt(path) ?? { page: null, id: "" };
  if (page?.title !== "Run") document.title = `${page?.title ?? "Nothing here"} · runyard`;
  return html`<a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => { event.preventDefault(); document.querySelector("main")?.setAttribute("tabindex", "-1"); document.querySelector("main")?.focus(); }}>To the content</a>
    <${Top} path=${path} /><${Notices} />${page ? html`<${Lazy} key=${page.module + id} ...${page} told=${{ id }} />` : html`<${Nothing} />`}<${Help} /><div class="said" role="status">${said.value}</div>`;
}

/** @param {Error} problem */
const sayProblem = (problem) => say(problem.message);

/** @param {{path: string}} told */
function Top({ path }) {
  const nav = useRef(/** @type {HTMLElement | null} */ (null));
  const root = /** @type {string} */ ((path === "/" ? "/runs" : path).match(/^\/[a-z]*/)?.[0]);
  useEffect(() => { nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); }, [root]); // where it does not fit beside the others
  const here = (/** @type {boolean} */ is) => (is ? "page" : undefined);
  return html`<header class="top"><a class="brand" href="/"><span class="mark" aria-hidden="true"></span>runyard</a>
    <nav aria-label="Pages" ref=${nav}>${Object.entries(PLACES).map(([to, title]) => html`<a key=${to} href=${to} aria-current=${here(root === to)}>${title}</a>`)}</nav>
    <span class="space"></span>
    ${session.value?.workspaces?.length > 1 ? html`<select class="workspace" aria-label="Workspace" title="Workspace" value=${session.value.workspace} onChange=${(/** @type {any} */ event) => goTo(event.target.value).catch(sayProblem)}>${session.value.workspaces.map((/** @type {string} */ name) => html`<option key=${name} value=${name}>${name}</option>`)}</select>` : null}
    <span class=${`signal ${connection.value}`} title=${connection.value === "live" ? "Changes appear at once" : "Connecting"}><i></i><span>${connection.value}</span></span>
    <button type="button" class="plain" onClick=${nextTheme} aria-label=${`Theme: ${theme.value}`} title=${`Theme: ${theme.value}`}>◐</button>
    <button type="button" class="plain" onClick=${() => { helps.value = true; }} aria-label="Keyboard help" title="Keyboard help (?)">?</button>
    ${session.value?.needs_password ? html`<button type="button" class="plain" onClick=${() => signOut().catch(sayProblem)} aria-label="Sign out" title=${`Sign out ${session.value.user} (${session.value.role})`}><span class="wide">Sign out</span><span class="narrow">Out</span></button>` : null}</header>`;
}

const Notices = () => html`${connection.value === "lost" ? html`<p class="banner lost" role="alert">The connection to the server is lost. This page tries again by itself and catches up; jobs keep running meanwhile.</p>` : null}
  ${isOutdated.value ? html`<p class="banner" role="status">The server was updated. <button type="button" class="link" onClick=${() => location.reload()}>Reload this page</button></p>` : null}`;

const Nothing = () => html`<main id="main"><${Empty} title="There is no such page"><p><a href="/runs">All runs</a></p><//></main>`;

const Waiting = () => html`<main class="login"><p class="quiet" role="status">The server does not answer yet. This page tries again by itself.</p></main>`;

const look = () => whoIsThere().catch(() => setTimeout(look, 1000));
const soon = () => { for (const module of USUAL) bring(module).catch(() => {}); }; // whoever opens it then is told

async function begin() {
  followOldLink();
  listenToLinks();
  listenToKeys();
  if (session.value === undefined) look();
  const page = pageAt(place.value.path)?.page;
  const wanted = session.value && page ? bring(page.module, page.style) : bring(SIGN_IN);
  await Promise.all([wanted.catch(() => {}), arrived(PATIENCE_MS)]);
  render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
  (window.requestIdleCallback ?? setTimeout)(soon);
}

begin();
