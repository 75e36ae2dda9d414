// @ts-check
// Admin: who may sign in and with what, the server's processes and their signs of life, and the settings in force.
import { get, may, OWN } from "../ui/api.js";
import { html, useEffect } from "../ui/h.js";
import { NotAllowed, Panel, Problem, useAnswer } from "../ui/parts.js";
import { Processes, Settings, Work } from "./server.js";
import { Tokens } from "./tokens.js";
import { Users } from "./users.js";

const LOOK_MS = 5000;

export function Admin() {
  return html`<main id="main"><h1>Admin</h1>
    ${may("admin") ? html`<${Users} />` : null}<${Tokens} />
    ${may("admin") ? html`<${Server} />` : html`<${NotAllowed} need="admin" what="The rest of this page: users, processes and settings" />`}</main>`;
}

function Server() {
  const { value, error, again } = useAnswer("server", (stop) => get(`${OWN}/server`, {}, stop));
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) again(); }, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  if (!value) return html`<${Panel} title="Processes" class="tall"><${Problem} error=${error} /><//>`;
  return html`<${Problem} error=${error} /><${Processes} told=${value} /><${Work} told=${value} /><${Settings} rows=${value.settings} />`;
}
