// @ts-check
// Text as a terminal would have shown it, with its colours and weights.
import { AnsiUp } from "ansi_up";
import { html, useLayoutEffect, useRef } from "./h.js";

/** Return what makes markup of text, each time in the colours in which the text before it ended. @returns {(text: string) => string} */
export function painter() {
  const ansi = new AnsiUp();
  ansi.use_classes = true;
  return (text) => ansi.ansi_to_html(text).replaceAll('<span style="', '<span data-look="');
}

/** What a painter made; the policy takes looks from code alone, so those that markup names are put on here.
 * @param {{as?: string, markup: string} & Record<string, any>} told */
export function Painted({ as = "div", markup, ...more }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (box.current?.querySelectorAll("[data-look]") ?? [])) one.style.cssText = one.dataset.look ?? "";
  }, [markup]);
  return html`<${as} ref=${box} ...${more} dangerouslySetInnerHTML=${{ __html: markup }} />`;
}
