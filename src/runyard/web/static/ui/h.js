// @ts-check
// What every part of the pages is written with.
import { h, render } from "preact";
import htm from "htm";

/** Templates as elements. @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(h);
export { h, render };
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal } from "@preact/signals";
