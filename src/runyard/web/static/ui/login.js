// @ts-check
// Signing in: by a link that is good once, else by the password.
import { signIn } from "./api.js";
import { html, useEffect, useState } from "./h.js";
import { Problem } from "./parts.js";
import { go, place } from "./router.js";

export function Login() {
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const [user, setUser] = useState("admin");
  const [password, setPassword] = useState("");
  const enter = async (/** @type {{user?: string, password?: string, ticket?: string}} */ given) => {
    try {
      setError(null);
      await signIn(given);
      if (place.value.path === "/login") go("/", { replace: true });
    } catch (problem) {
      setError(/** @type {Error} */ (problem));
    }
  };
  useEffect(() => {
    const ticket = place.value.path === "/login" ? location.hash.slice(1) : "";
    if (!ticket) return;
    history.replaceState(null, "", "/login"); // it is good once: nothing of it stays in the history
    enter({ ticket });
  }, []);
  const submit = (/** @type {Event} */ event) => { event.preventDefault(); enter({ user, password }); };
  return html`<main class="login"><form class="panel" onSubmit=${submit}>
    <h1><span class="mark" aria-hidden="true"></span>runyard</h1>
    <label>User<input type="text" name="username" autocomplete="username" required value=${user} onInput=${(/** @type {any} */ event) => setUser(event.target.value)} /></label>
    <label>Password<input type="password" name="password" autocomplete="current-password" autofocus required
      value=${password} onInput=${(/** @type {any} */ event) => setPassword(event.target.value)} /></label>
    <button type="submit" class="primary">Sign in</button>
    <${Problem} error=${error} />
    <p class="quiet">The password of admin is what <code>runyard env</code> prints as PGPASSWORD, for the owner of this server’s home; others have theirs from an administrator.${" "}
      <code>runyard serve</code> prints a link that needs none.</p>
  </form></main>`;
}
