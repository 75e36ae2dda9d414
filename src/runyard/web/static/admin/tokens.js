// @ts-check
// Tokens: one's own, or for an administrator everybody's. What one is told by is shown once.
import { ask, changePassword, get, may, NATIVE, post, session } from "../ui/api.js";
import { html, useState } from "../ui/h.js";
import { Copy, Dialog, Moment, Panel, Problem, say, useAnswer } from "../ui/parts.js";
import { OWNER, ROLES } from "./users.js";

const DAY_S = 86_400;
/** @type {[string, number | null][]} */
const SPANS = [["7 days", 7 * DAY_S], ["30 days", 30 * DAY_S], ["90 days", 90 * DAY_S], ["a year", 365 * DAY_S], ["until it is revoked", null]];

export function Tokens() {
  const { value, error, again } = useAnswer("tokens", (stop) => get(`${NATIVE}/tokens`, {}, stop));
  const [makes, setMakes] = useState(false);
  const [made, setMade] = useState(/** @type {any} */ (null));
  const isAdmin = may("admin");
  const isAnybody = !session.value?.needs_password;
  const [changes, setChanges] = useState(false);
  return html`<${Panel} title=${isAdmin ? "Tokens" : "Your tokens"} aside=${html`${isAnybody || session.value?.user === OWNER ? null : html`<button type="button" class="small" onClick=${() => setChanges(true)}>Change your password</button>`} <button type="button" class="small" disabled=${isAnybody} title=${isAnybody ? "With --auth off nobody needs one" : undefined} onClick=${() => setMakes(true)}>New token</button>`}><${Problem} error=${error} />
    ${value?.tokens.length ? html`<div class="scroll" tabindex="0" role="region" aria-label="All tokens"><table class="list"><thead><tr><th>Name</th>${isAdmin ? html`<th>User</th>` : null}<th>Workspace</th><th>Good for</th><th>Access key</th><th>Made</th><th>Last used</th><th>Expires</th><th>Change</th></tr></thead><tbody>
      ${value.tokens.map((/** @type {any} */ one) => html`<${Token} key=${one.id} token=${one} isAdmin=${isAdmin} gone=${() => { say(`${one.name} counts for nothing now.`); again(); }} />`)}</tbody></table></div>`
      : value ? html`<p class="quiet">None yet. A token lets a program in: as a bearer token, as AWS keys, and as the password of the SQL port.</p>` : null}
    ${changes ? html`<${Password} close=${() => setChanges(false)} />` : null}
    ${makes ? html`<${Make} isAdmin=${isAdmin} close=${() => setMakes(false)} done=${(/** @type {any} */ token) => { setMakes(false); setMade(token); again(); }} />` : null}
    ${made ? html`<${Shown} token=${made} close=${() => setMade(null)} />` : null}<//>`;
}

/** @param {{close: () => void}} told */
function Password({ close }) {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try { await changePassword(old, next); say("The password is changed; other pages and sessions of yours have ended."); close(); } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  return html`<${Dialog} title="Change your password" close=${close}><form onSubmit=${submit}>
    <label>Password now<input type="password" autocomplete="current-password" required value=${old} onInput=${(/** @type {any} */ event) => setOld(event.target.value)} /></label>
    <label>New password<input type="password" autocomplete="new-password" required minlength="8" value=${next} onInput=${(/** @type {any} */ event) => setNext(event.target.value)} /></label>
    <${Problem} error=${error} /><footer><button type="button" onClick=${close}>Cancel</button><button type="submit" class="primary">Change it</button></footer></form><//>`;
}

/** @param {{token: any, isAdmin: boolean, gone: () => void}} told */
function Token({ token, isAdmin, gone }) {
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [isSure, setIsSure] = useState(false);
  const revoke = async () => {
    try { await ask("DELETE", `${NATIVE}/tokens/${token.id}`); gone(); } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  return html`<tr><td class="name" dir="auto">${token.name}</td>${isAdmin ? html`<td dir="auto">${token.user}</td>` : null}<td dir="auto">${token.workspace}</td><td>${token.role ?? "what its user may"}</td><td><code>${token.access_key}</code></td>
    <td class="quiet"><${Moment} at=${token.created_at} /></td><td class="quiet">${token.last_used_at ? html`<${Moment} at=${token.last_used_at} />` : "never"}</td><td class="quiet">${token.expires_at ? html`<${Moment} at=${token.expires_at} />` : "never"}</td>
    <td><button type="button" class=${`small ${isSure ? "danger" : ""}`} onBlur=${() => setIsSure(false)} onClick=${isSure ? revoke : () => setIsSure(true)} aria-label=${`Revoke ${token.name} of ${token.user}`}>${isSure ? "Revoke it at once" : "Revoke"}</button><${Problem} error=${error} /></td></tr>`;
}

/** @param {{isAdmin: boolean, close: () => void, done: (token: any) => void}} told */
function Make({ isAdmin, close, done }) {
  const [words, setWords] = useState({ name: "", user: "", workspace: "", role: "", span: "1" });
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const typed = (/** @type {string} */ name) => (/** @type {any} */ event) => setWords((old) => ({ ...old, [name]: event.target.value }));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const lifetime = SPANS[Number(words.span)][1];
    const given = { name: words.name, user: words.user, workspace: words.workspace, role: words.role, lifetime_s: lifetime };
    const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "" && value !== null));
    try { done(await post(`${NATIVE}/tokens`, said)); } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  return html`<${Dialog} title="New token" close=${close}><form onSubmit=${submit}>
    <label>What it is for<input type="text" autocomplete="off" required maxlength="128" value=${words.name} onInput=${typed("name")} /></label>
    ${isAdmin ? html`<label>User<input type="text" autocomplete="off" placeholder=${session.value?.user} value=${words.user} onInput=${typed("user")} /></label>
      <label>Workspace<input type="text" autocomplete="off" placeholder=${session.value?.workspace} value=${words.workspace} onInput=${typed("workspace")} /></label>` : null}
    <label>Good for<select value=${words.role} onChange=${typed("role")}><option value="">what its user may</option>${ROLES.filter((one) => may(one)).map((one) => html`<option key=${one} value=${one}>at most ${one}</option>`)}</select></label>
    <label>Until<select value=${words.span} onChange=${typed("span")}>${SPANS.map(([text], at) => html`<option key=${at} value=${String(at)}>${text}</option>`)}</select></label>
    <${Problem} error=${error} /><footer><button type="button" onClick=${close}>Cancel</button><button type="submit" class="primary">Make it</button></footer></form><//>`;
}

/** @param {{token: any, close: () => void}} told */
function Shown({ token, close }) {
  /** @type {[string, string][]} */
  const rows = [["Token, and password of the SQL port", token.token], ["AWS_ACCESS_KEY_ID", token.access_key], ["AWS_SECRET_ACCESS_KEY", token.aws_secret_access_key]];
  return html`<${Dialog} title=${`The token ${token.name}`} close=${close}><p>It is shown this once, and kept nowhere.</p>
    ${rows.map(([title, text]) => html`<div key=${title}><p class="quiet">${title}</p><div class="command"><code>${text}</code><${Copy} text=${text} label=${`Copy ${title}`} /></div></div>`)}
    <footer><button type="button" class="primary" onClick=${close}>Done</button></footer><//>`;
}
