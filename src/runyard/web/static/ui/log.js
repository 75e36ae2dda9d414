// @ts-check
// A log of any length: a window of it is here, the rest comes as one scrolls, searches, or as it grows.
import { get, NATIVE, OWN, query } from "./api.js";
import { counted, size } from "./format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./h.js";
import { seen } from "./live.js";
import { Painted, painter } from "./painted.js";
import { Panel, Problem } from "./parts.js";

const ROW = 19; // pixels of a line that is not wrapped
const MOST = 20_000; // lines held at once
const MOST_WRAPPED = 2_000; // lines drawn at once when their heights differ
const WINDOW = 192 * 1024;
const LEAST = 1024; // bytes of a window that only tells how long the log is
const FAR_BEHIND = 4 * WINDOW;
const WAIT_S = 20;
const LONGEST_SOUGHT = 200; // characters
const A_GESTURE = 1000; // milliseconds in which a reader's hand still moves what is shown

/** @typedef {{at: number, raw: string, text: string, markup: string | null}} Line */

/** @param {string} text @param {number} at */
function lines(text, at) {
  const paint = text.includes("\x1b") ? painter() : null; // a colour lasts until another, over any number of lines
  const coder = new TextEncoder();
  const raw = text.split("\n");
  if (raw.at(-1) === "") raw.pop();
  return raw.map((line) => {
    const begin = at;
    at += coder.encode(line).length + 1;
    const bare = line.slice(line.lastIndexOf("\r", line.length - 2) + 1).replace("\r", "");
    return { at: begin, raw: line, text: bare.replace(/\x1b\[[0-9;]*[A-Za-z]/g, ""), markup: paint && paint(bare) };
  });
}

/** What is held of a log, and how more of it comes. */
class Held {
  /** @param {number} run @param {any} attempt @param {string} stream @param {() => void} changed */
  constructor(run, attempt, stream, changed) {
    this.run = run; this.attempt = attempt; this.stream = stream; this.changed = changed;
    /** @type {Line[]} */
    this.lines = [];
    this.start = 0; this.end = 0; this.size = 0;
    this.isComplete = false; this.isOpen = false; this.isBusy = false; this.isFollowed = true;
    /** @type {Error | null} */
    this.error = null;
    this.stopper = new AbortController();
  }

  /** @param {Record<string, number>} words */
  async window(words) {
    const { signal } = this.stopper;
    return get(`${OWN}/runs/${this.run}/log`, { attempt: this.attempt.id, stream: this.stream, limit: WINDOW, ...words }, signal);
  }

  /** Show another part: the end, or what begins at a byte. @param {Record<string, number>} [words] */
  async show(words = {}) {
    await this.one(async () => {
      const told = await this.window(words);
      this.take(told, told.size);
      this.isOpen = true;
    });
  }

  async before() {
    if (this.start === 0) return;
    await this.one(async () => {
      const told = await this.window({ end: this.start });
      this.lines = [...lines(told.text, told.start), ...this.lines].slice(0, MOST);
      this.start = told.start;
      this.end = this.lines.length === MOST ? /** @type {Line} */ (this.lines.at(-1)).at : this.end;
    });
  }

  async after() {
    if (this.end >= this.size) return;
    await this.one(async () => {
      const told = await this.window({ start: this.end });
      this.add(told.text, told.end, told.size);
    });
  }

  /** Hold a window and nothing else. @param {{text: string, start: number, end: number}} told @param {number} size */
  take({ text, start, end }, size) {
    this.lines = lines(text, start);
    Object.assign(this, { start, end, size, endsWhole: text.endsWith("\n") });
  }

  /** @param {string} text @param {number} end @param {number} whole */
  add(text, end, whole) {
    const last = this.lines.at(-1);
    const isCut = last && !this.endsWhole;
    const begin = isCut ? last.at : this.end;
    const joined = isCut ? last.raw + text : text;
    const kept = isCut ? this.lines.slice(0, -1) : this.lines;
    this.lines = [...kept, ...lines(joined, begin)].slice(-MOST);
    this.endsWhole = text.endsWith("\n");
    this.start = this.lines[0]?.at ?? this.start;
    this.end = end;
    this.size = Math.max(whole, end);
  }

  /** Wait for what is printed, as long as anything may be. */
  async follow() {
    while (!this.stopper.signal.aborted && !this.isComplete) {
      await seen();
      if (this.end < this.size || !this.isOpen) { await new Promise((resolve) => setTimeout(resolve, 500)); continue; }
      const words = { task: this.attempt.task_key, attempt: this.attempt.number, stream: this.stream, offset: this.end, limit: WINDOW, wait_s: WAIT_S };
      try {
        const told = await get(`${NATIVE}/runs/${this.run}/logs`, words, this.stopper.signal);
        const end = Number(told.next_offset);
        const came = end - this.end;
        if (came > 0) this.add(told.pieces[0].text, end, end);
        this.isComplete = told.complete;
        this.error = null;
        if (came > WINDOW / 2) await this.keepUp();
        this.changed();
      } catch (error) {
        if (this.stopper.signal.aborted) return;
        this.error = /** @type {Error} */ (error);
        this.changed();
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
    }
  }

  /** Where more comes than can be shown: go to the end if that is what is looked at, else leave the lines as they are. */
  async keepUp() {
    const { size: whole } = await this.window({ limit: LEAST });
    if (!this.isFollowed) {
      if (this.lines.length > MOST / 2) this.size = Math.max(this.size, whole); // the rest comes as one scrolls
    } else if (whole > this.end + FAR_BEHIND) {
      const told = await this.window({});
      this.take(told, told.end);
    }
  }

  /** @param {() => Promise<void>} work */
  async one(work) {
    if (this.isBusy) return;
    this.isBusy = true;
    try { await work(); this.error = null; } catch (error) { if (!this.stopper.signal.aborted) this.error = /** @type {Error} */ (error); }
    this.isBusy = false;
    if (!this.stopper.signal.aborted) this.changed();
  }
}
Held.prototype.endsWhole = true;

/** @param {{run: any, attempt: any}} told */
export function Log({ run, attempt }) {
  const [stream, setStream] = useState("stdout");
  const [, redraw] = useState(0);
  const [wraps, setWraps] = useState(false);
  const [follows, setFollows] = useState(true);
  const [found, setFound] = useState(/** @type {any} */ (null));
  const held = useRef(/** @type {Held | null} */ (null));
  useEffect(() => {
    const mine = new Held(run.id, attempt, stream, () => redraw((one) => one + 1));
    held.current = mine;
    setFound(null);
    mine.show().then(() => mine.follow());
    return () => mine.stopper.abort();
  }, [run.id, attempt.id, stream]);
  const now = held.current;
  if (now) now.isFollowed = follows;
  const jump = async (/** @type {any} */ match) => {
    if (!now) return;
    setFollows(false);
    if (!now.lines.some((line) => line.at === match.start)) {
      await now.show({ start: match.start });
      await now.before();
    }
  };
  const isEmpty = now?.isOpen && now.lines.length === 0;
  const file = `${OWN}/runs/${run.id}/log/file${query({ attempt: attempt.id, stream })}`;
  const aside = html`<span class="tools"><span class="tabs" role="group" aria-label="Stream">${["stdout", "stderr"].map((name) => html`<button type="button" key=${name} class="small" aria-pressed=${stream === name} onClick=${() => setStream(name)}>${name}</button>`)}</span>
    <${Finder} run=${run} attempt=${attempt} stream=${stream} found=${found} setFound=${setFound} jump=${jump} />
    <button type="button" class="small" aria-pressed=${wraps} onClick=${() => setWraps(!wraps)}>Wrap</button>
    <button type="button" class="small" onClick=${() => { setFollows(false); now?.show({ start: 0 }).then(() => document.querySelector("[data-log]")?.scrollTo(0, 0)); }}>Start</button>
    <button type="button" class="small" aria-pressed=${follows} onClick=${() => { setFollows(!follows); if (!follows) now?.show(); }}>${now?.isComplete ? "End" : "Follow"}</button>
    <a class="button small" href=${file} download>Download</a></span>`;
  return html`<${Panel} title=${run.tasks.length > 1 ? `Log of ${attempt.task_key}` : "Log"} aside=${aside} class="log">
    <${Problem} error=${now?.error ?? null} />
    ${isEmpty ? html`<p class="quiet nothing">${now.isComplete ? `Nothing was printed on ${stream}.` : `Nothing is printed on ${stream} yet.`}</p>` : null}
    ${now && !(isEmpty && now.isComplete) ? html`<${Lines} held=${now} wraps=${wraps} follows=${follows} unfollow=${() => setFollows(false)} found=${found} />` : null}
    <p class="quiet status">${now ? `${size(now.size)} · ${counted(now.lines.length, "line")} here${now.start > 0 ? `, from ${size(now.start)} on` : ""}${now.isComplete ? "" : " · live"}` : ""}</p><//>`;
}

/** @param {{held: Held, wraps: boolean, follows: boolean, unfollow: () => void, found: any}} told */
function Lines({ held, wraps, follows, unfollow, found }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [top, setTop] = useState(0);
  const first = held.lines[0]?.at ?? 0;
  const last = useRef(0);
  const touched = useRef(Number.NEGATIVE_INFINITY);
  const touch = () => { touched.current = performance.now(); };
  const was = useRef({ first, count: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const added = held.lines.findIndex((line) => line.at === was.current.first);
    if (follows) element.scrollTop = element.scrollHeight;
    else if (added > 0 && first < was.current.first) element.scrollTop += added * ROW; // what came before pushes down
    was.current = { first, count: held.lines.length };
  }, [held.lines, follows, wraps]);
  const match = found?.matches[found.place];
  useLayoutEffect(() => {
    const place = match ? held.lines.findIndex((line) => line.at === match.start) : -1;
    if (place >= 0 && box.current && !wraps) box.current.scrollTop = place * ROW - box.current.clientHeight / 2;
    if (place >= 0 && wraps) box.current?.querySelector(".match")?.scrollIntoView({ block: "center" });
  }, [match, held.lines]);
  const scroll = () => {
    const element = /** @type {HTMLElement} */ (box.current);
    setTop(element.scrollTop);
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    const isReader = performance.now() - touched.current < A_GESTURE; // and not lines that came or went
    if (follows && isReader && element.scrollTop < last.current - 2 && below > 4 * ROW) unfollow();
    last.current = element.scrollTop;
    if (element.scrollTop < 20 * ROW) held.before();
    if (below < 20 * ROW) held.after();
  };
  const high = box.current?.clientHeight ?? 480;
  const from = wraps ? Math.max(0, held.lines.length - MOST_WRAPPED) : Math.max(0, Math.floor(top / ROW) - 20);
  const to = wraps ? held.lines.length : from + Math.ceil(high / ROW) + 40;
  const drawn = held.lines.slice(from, to).map((line, place) => {
    const kind = match && line.at === match.start ? "match" : "";
    const where = wraps ? {} : { top: `${(from + place) * ROW}px` };
    return line.markup === null ? html`<div key=${line.at} class=${kind} style=${where}>${line.text || " "}</div>`
      : html`<${Painted} key=${line.at} class=${kind} style=${where} markup=${line.markup} />`;
  });
  return html`<div class=${`lines ${wraps ? "wraps" : ""}`} data-log tabindex="0" role="log" aria-live="off" aria-label="Log" ref=${box} onScroll=${scroll} onWheel=${touch} onTouchMove=${touch} onKeyDown=${touch} onPointerDown=${touch} onPointerMove=${(/** @type {PointerEvent} */ event) => { if (event.buttons) touch(); }}>
    <div class="all" style=${wraps ? {} : { height: `${held.lines.length * ROW}px` }}>${drawn}</div></div>`;
}

/** @param {{run: any, attempt: any, stream: string, found: any, setFound: (found: any) => void, jump: (match: any) => void}} told */
function Finder({ run, attempt, stream, found, setFound, jump }) {
  const [text, setText] = useState("");
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const look = async (/** @type {string} */ wanted, start = 0, before = /** @type {any[]} */ ([])) => {
    const told = await get(`${OWN}/runs/${run.id}/log/matches`, { attempt: attempt.id, stream, text: wanted, start });
    const matches = [...before, ...told.matches];
    setFound({ text: wanted, matches, place: 0, searchedTo: told.searched_to, size: told.size });
    if (!matches.length && told.searched_to < told.size) await look(wanted, told.searched_to);
    else if (!before.length && matches.length) jump(matches[0]);
  };
  const step = (/** @type {number} */ by) => {
    const place = (found.place + by + found.matches.length) % found.matches.length;
    setFound({ ...found, place });
    jump(found.matches[place]);
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || !text) return;
    if (found?.text === text && found.matches.length) step(event.shiftKey ? -1 : 1);
    else { setError(null); look(text).catch(setError); }
  };
  const isWhole = found && found.searchedTo >= found.size;
  return html`<span class="finder"><input type="search" data-search placeholder="Search the log" aria-label="Search the log" maxlength=${LONGEST_SOUGHT} value=${text} onKeyDown=${press}
    onInput=${(/** @type {any} */ event) => { setText(event.target.value); if (!event.target.value) setFound(null); }} />
    ${error ? html`<${Problem} error=${error} />` : found ? html`<span class="quiet" role="status">${found.matches.length ? `${found.place + 1} of ${found.matches.length}${isWhole ? "" : "+"}` : "not found"}</span>` : null}
    ${found?.matches.length > 1 ? html`<button type="button" class="small" aria-label="Previous match" onClick=${() => step(-1)}>↑</button><button type="button" class="small" aria-label="Next match" onClick=${() => step(1)}>↓</button>` : null}</span>`;
}
