// @ts-check
// Running tasks of an ended run again, in the same run.
import { OWN, post } from "./api.js";
import { html, useState } from "./h.js";
import { Dialog, Phase, Problem } from "./parts.js";

const WELL = new Set(["succeeded", "excluded"]);

/** @param {{whole: any, close: () => void, done: () => void}} told */
export function Repair({ whole, close, done }) {
  const { run, attempts } = whole;
  const latest = new Map(attempts.map((/** @type {any} */ one) => [one.task_key, one]));
  const tasks = run.tasks.filter((/** @type {any} */ task) => latest.has(task.key));
  const bad = tasks.filter((/** @type {any} */ task) => !WELL.has(latest.get(task.key).phase)).map((/** @type {any} */ task) => task.key);
  const [chosen, setChosen] = useState(() => new Set(bad));
  const [values, setValues] = useState(/** @type {Record<string, string>} */ ({}));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const named = run.language === "databricks" ? whole.parameters.filter((/** @type {any} */ one) => typeof one.value === "string") : [];
  const flip = (/** @type {string} */ key) => setChosen((old) => { const next = new Set(old); if (!next.delete(key)) next.add(key); return next; });
  const repair = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try { await post(`${OWN}/runs/${run.id}/repair`, { tasks: [...chosen], parameters: values }); done(); } catch (problem) { setError(/** @type {Error} */ (problem)); }
  };
  return html`<${Dialog} title="Repair this run" close=${close}><form onSubmit=${repair}>
    <p class="quiet">These tasks run again in this run, and whatever depends on them; what succeeded stays as it is.</p>
    <fieldset><legend>Tasks</legend>${tasks.map((/** @type {any} */ task) => html`<label key=${task.key} class="check"><input type="checkbox" checked=${chosen.has(task.key)} onChange=${() => flip(task.key)} /> <span dir="auto">${task.key}</span> <${Phase} phase=${latest.get(task.key).phase} small /></label>`)}</fieldset>
    ${named.map((/** @type {any} */ one) => html`<label key=${one.name}>${one.name}<input type="text" placeholder=${one.value} value=${values[one.name] ?? ""} onInput=${(/** @type {any} */ event) => setValues((old) => ({ ...old, [one.name]: event.target.value }))} /></label>`)}
    <${Problem} error=${error} /><footer><button type="button" onClick=${close}>Cancel</button><button type="submit" class="primary" disabled=${chosen.size === 0}>Run ${chosen.size} again</button></footer></form><//>`;
}
