// @ts-check
// The frame of every page: who is there, where one is, and whether the server still answers.
import { goTo, session, signOut, whoIsThere } from "./api.js";
import { html, render, useEffect } from "./h.js";
import { Job } from "./job.js";
import { Jobs } from "./jobs.js";
import { Help, helps, listen as listenToKeys } from "./keys.js";
import { connect, connection, disconnect, isOutdated } from "./live.js";
import { Lazy } from "./lazy.js";
import { Login } from "./login.js";
import { Empty, said } from "./parts.js";
import { followOldLink, listen as listenToLinks, place } from "./router.js";
import { Runs } from "./runs.js";
import { nextTheme, theme } from "./theme.js";

/** The page of a run, with the graph and the log, which is most of all code: it comes at once where a run is opened, else as soon as there is time. */
const runPage = () => import("./run.js");
const soon = () => { runPage().catch(() => {}); }; // whoever opens it then is told

/** @type {[RegExp, string, (id: string) => any][]} */
const PAGES = [
  [/^\/(?:runs|login)?$/, "Runs", () => html`<${Runs} />`],
  [/^\/runs\/(\d+)$/, "Run", (id) => html`<${Lazy} key=${id} load=${runPage} name="Run" told=${{ id }} />`],
  [/^\/jobs$/, "Jobs", () => html`<${Jobs} />`],
  [/^\/jobs\/(\d+)$/, "Job", (id) => html`<${Job} key=${id} id=${id} />`],
  [/^\/dremio$/, "Dremio", () => html`<${Lazy} load=${() => import("./dremio.js")} name="Dremio" />`],
  [/^\/sql$/, "SQL", () => html`<${Lazy} load=${() => import("../sql/page.js")} name="Sql" />`],
  [/^\/workflows$/, "Workflows", () => html`<${Lazy} load=${() => import("../workflows/list.js")} name="Workflows" />`],
  [/^\/workflows\/(\d+)$/, "Workflow", (id) => html`<${Lazy} key=${id} load=${() => import("../workflows/one.js")} name="Workflow" told=${{ id }} />`],
  [/^\/admin$/, "Admin", () => html`<${Lazy} load=${() => import("../admin/page.js")} name="Admin" />`],
];

/** What stands at the top of every page, by where it leads. @type {Record<string, string>} */
const PLACES = { "/runs": "Runs", "/jobs": "Jobs", "/sql": "SQL", "/workflows": "Workflows", "/dremio": "Dremio", "/admin": "Admin" };

function App() {
  useEffect(() => {
    if (!session.value) { disconnect(); return; }
    connect();
  }, [Boolean(session.value)]);
  if (session.value === undefined) return html`<${Waiting} />`;
  if (session.value === null) return html`<${Login} />`;
  const { path } = place.value;
  const [found, title, show] = PAGES.find(([pattern]) => pattern.test(path)) ?? [null, "Nothing here", () => html`<main id="main"><${Empty} title="There is no such page"><p><a href="/runs">All runs</a></p><//></main>`];
  const id = found?.exec(path)?.[1] ?? "";
  if (title !== "Run") document.title = `${title} · runyard`;
  return html`<a class="skip" href="#main" onClick=${(/** @type {Event} */ event) => { event.preventDefault(); document.querySelector("main")?.setAttribute("tabindex", "-1"); document.querySelector("main")?.focus(); }}>To the content</a>
    <${Top} path=${path} /><${Notices} />${show(id)}<${Help} /><div class="said" role="status">${said.value}</div>`;
}

/** @param {{path: string}} told */
function Top({ path }) {
  const here = (/** @type {boolean} */ is) => (is ? "page" : undefined);
  return html`<header class="top"><a class="brand" href="/"><span class="mark" aria-hidden="true"></span>runyard</a>
    <nav aria-label="Pages">${Object.entries(PLACES).map(([to, title]) => html`<a key=${to} href=${to} aria-current=${here((path === "/" ? "/runs" : path).startsWith(to))}>${title}</a>`)}</nav>
    <span class="space"></span>
    ${session.value?.workspaces?.length > 1 ? html`<select class="workspace" aria-label="Workspace" title="Workspace" value=${session.value.workspace} onChange=${(/** @type {any} */ event) => goTo(event.target.value)}>${session.value.workspaces.map((/** @type {string} */ name) => html`<option key=${name} value=${name}>${name}</option>`)}</select>` : null}
    <span class=${`signal ${connection.value}`} title=${connection.value === "live" ? "Changes appear at once" : "Connecting"}><i></i><span>${connection.value}</span></span>
    <button type="button" class="plain" onClick=${nextTheme} aria-label=${`Theme: ${theme.value}`} title=${`Theme: ${theme.value}`}>◐</button>
    <button type="button" class="plain" onClick=${() => { helps.value = true; }} aria-label="Keyboard help" title="Keyboard help (?)">?</button>
    ${session.value?.needs_password ? html`<button type="button" class="plain" onClick=${signOut} aria-label="Sign out" title=${`Sign out ${session.value.user} (${session.value.role})`}><span class="wide">Sign out</span><span class="narrow">Out</span></button>` : null}</header>`;
}

const Notices = () => html`${connection.value === "lost" ? html`<p class="banner lost" role="alert">The connection to the server is lost. This page tries again by itself and catches up; jobs keep running meanwhile.</p>` : null}
  ${isOutdated.value ? html`<p class="banner" role="status">The server was updated. <button type="button" class="link" onClick=${() => location.reload()}>Reload this page</button></p>` : null}`;

const Waiting = () => html`<main class="login"><p class="quiet" role="status">The server does not answer yet. This page tries again by itself.</p></main>`;

async function begin() {
  followOldLink();
  if (/^\/runs\/\d/.test(location.pathname)) soon();
  listenToLinks();
  listenToKeys();
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  const look = () => whoIsThere().catch(() => { render(html`<${App} />`, root); setTimeout(look, 1000); });
  await look();
  render(html`<${App} />`, root);
  (window.requestIdleCallback ?? setTimeout)(soon);
}

begin();
