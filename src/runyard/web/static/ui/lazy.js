// @ts-check
// Pages that most people never open come when somebody does.
import { html, useEffect, useState } from "./h.js";
import { Empty } from "./parts.js";

/** @param {{load: () => Promise<any>, name: string, told?: any}} told */
export function Lazy({ load, name, told = {} }) {
  const [page, setPage] = useState(/** @type {any} */ (null));
  const [isLost, setIsLost] = useState(false);
  useEffect(() => {
    let isGone = false;
    load().then((found) => { if (!isGone) setPage(() => found[name]); }, () => { if (!isGone) setIsLost(true); });
    return () => { isGone = true; };
  }, [name]);
  if (isLost) return html`<main id="main"><${Empty} title="This page did not come"><p>The server does not answer, or was updated.</p><button type="button" onClick=${() => location.reload()}>Load it again</button><//></main>`;
  return page ? html`<${page} ...${told} />` : html`<main id="main" aria-busy="true"></main>`;
}
