// @ts-check
// Users and their roles.
import { ask, get, NATIVE, post, session } from "../ui/api.js";
import { html, useState } from "../ui/h.js";
import { Copy, Dialog, Moment, Panel, Problem, say, useAnswer } from "../ui/parts.js";

export const ROLES = ["viewer", "operator", "admin"];
const EVERYWHERE = "*";
export const OWNER = "admin";

/** @param {any} user */
const rolesOf = (user) => Object.entries(user.roles).map(([place, role]) => (place === EVERYWHERE ? role : `${role} in ${place}`)).join(", ") || "none";

export function Users() {
  const { value, error, again } = useAnswer("users", (stop) => get(`${NATIVE}/users`, {}, stop));
  const [adds, setAdds] = useState(false);
  const [made, setMade] = useState(/** @type {any} */ (null));
  const told = (/** @type {any} */ user, /** @type {string} */ text) => { say(text); if (user?.password) setMade(user); again(); };
  return html`<${Panel} title="Users" aside=${html`<button type="button" class="small" onClick=${() => setAdds(true)}>Add a user</button>`}><${Problem} error=${error} />
    ${value ? html`<div class="scroll" tabindex="0" role="region" aria-label="All users"><table class="list"><thead><tr><th>Name</th><th>May</th><th>State</th><th>Since</th><th>Change</th></tr></thead><tbody>
      ${value.users.map((/** @type {any} */ user) => html`<${User} key=${user.id} user=${user} told=${told} />`)}</tbody></table></div>` : null}
    ${adds ? html`<${Add} close=${() => setAdds(false)} done=${(/** @type {any} */ user) => { setAdds(false); told(user, `${user.name} may sign in.`); }} />` : null}
    ${made ? html`<${Password} user=${made} close=${() => setMade(null)} />` : null}<//>`;
}

/** @param {{user: any, told: (user: any, text: string) => void}} told */
function User({ user, told }) {
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [changes, setChanges] = useState(false);
  const [isSure, setIsSure] = useState(false);
  const at = `${NATIVE}/users/${encodeURIComponent(user.name)}`;
  const act = (/** @type {() => Promise<any>} */ work, /** @type {string} */ text) => async () => {
    try { setError(null); told(await work(), text); } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  const isOwner = user.name === OWNER;
  const isSelf = user.name === session.value?.user;
  return html`<tr><td class="name" dir="auto">${user.name}</td><td>${rolesOf(user)}</td><td>${user.is_enabled ? "enabled" : html`<span class="tag">disabled</span>`}</td><td class="quiet">${isOwner ? "the first start" : html`<${Moment} at=${user.created_at} />`}</td>
    <td>${isOwner ? html`<span class="quiet">owns the home, and stays as it is</span>` : html`<div class="actions">
      <button type="button" class="small" onClick=${() => setChanges(true)} aria-label=${`Change the role of ${user.name}`}>Role</button>
      <button type="button" class="small" disabled=${isSelf} onClick=${act(() => post(`${at}/password`), `${user.name} has another password.`)} aria-label=${`New password for ${user.name}`}>New password</button>
      <button type="button" class="small" disabled=${isSelf} onClick=${user.is_enabled ? act(() => post(`${at}/disable`), `${user.name} is out.`) : act(() => post(`${at}/enable`), `${user.name} may sign in again.`)} aria-label=${`${user.is_enabled ? "Disable" : "Enable"} ${user.name}`}>${user.is_enabled ? "Disable" : "Enable"}</button>
      <button type="button" class=${`small ${isSure ? "danger" : ""}`} disabled=${isSelf} onBlur=${() => setIsSure(false)} onClick=${isSure ? act(() => ask("DELETE", at), `${user.name} is removed.`) : () => setIsSure(true)} aria-label=${`Remove ${user.name}`}>${isSure ? "Remove with all tokens" : "Remove"}</button></div>`}
      <${Problem} error=${error} />
      ${changes ? html`<${GiveRole} user=${user} close=${() => setChanges(false)} done=${(/** @type {any} */ changed) => { setChanges(false); told(changed, `${changed.name}: ${rolesOf(changed)}.`); }} />` : null}</td></tr>`;
}

/** @param {{close: () => void, done: (user: any) => void}} told */
function Add({ close, done }) {
  const [name, setName] = useState("");
  return html`<${Dialog} title="Add a user" close=${close}><${RoleForm} verb="Add" close=${close} roles=${ROLES} may=${Boolean(name)}
    send=${async (/** @type {string} */ role, /** @type {string} */ workspace) => done(await post(`${NATIVE}/users`, { name, role, workspace }))}>
    <label>Name<input type="text" autocomplete="off" required value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} /></label><//><//>`;
}

/** @param {{user: any, close: () => void, done: (user: any) => void}} told */
const GiveRole = ({ user, close, done }) => html`<${Dialog} title=${`What ${user.name} may do`} close=${close}><p class="quiet">Now: ${rolesOf(user)}. The greater role counts.</p>
  <${RoleForm} verb="Give" close=${close} roles=${[...ROLES, "none"]} may=${true} send=${async (/** @type {string} */ role, /** @type {string} */ workspace) =>
    done(await post(`${NATIVE}/users/${encodeURIComponent(user.name)}/role`, { role: role === "none" ? null : role, workspace }))} /><//>`;

/** @param {{verb: string, roles: string[], may: boolean, close: () => void, send: (role: string, workspace: string) => Promise<void>, children?: any}} told */
function RoleForm({ verb, roles, may, close, send, children }) {
  const [role, setRole] = useState("viewer");
  const [place, setPlace] = useState("");
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try { await send(role, role === "admin" ? EVERYWHERE : place.trim() || EVERYWHERE); } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  return html`<form onSubmit=${submit}>${children}
    <label>Role<select value=${role} onChange=${(/** @type {any} */ event) => setRole(event.target.value)}>${roles.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select></label>
    ${role === "admin" ? html`<p class="quiet">An administrator is one of the whole server.</p>` : html`<label>Workspace<input type="text" autocomplete="off" placeholder="all of them" value=${place} onInput=${(/** @type {any} */ event) => setPlace(event.target.value)} /></label>`}
    <p class="quiet">A viewer sees jobs, runs and logs; an operator also makes, starts and stops them, as the server’s own user; an admin also manages users and settings.</p>
    <${Problem} error=${error} /><footer><button type="button" onClick=${close}>Cancel</button><button type="submit" class="primary" disabled=${!may}>${verb}</button></footer></form>`;
}

/** @param {{user: any, close: () => void}} told */
const Password = ({ user, close }) => html`<${Dialog} title=${`The password of ${user.name}`} close=${close}><p>It is shown this once:</p>
  <div class="command"><code>${user.password}</code><${Copy} text=${user.password} label="Copy the password" /></div>
  <footer><button type="button" class="primary" onClick=${close}>Done</button></footer><//>`;
