// @ts-check
// The editor: CodeMirror in a shadow root, where its styles are adopted sheets, which the policy of the page allows.
import {
  autocompletion, bracketMatching, closeBrackets, closeBracketsKeymap, closeCompletion, Compartment, completionKeymap, defaultKeymap, drawSelection, EditorState, EditorView, HighlightStyle,
  highlightActiveLine, history, historyKeymap, keymap, lineNumbers, lintKeymap, placeholder, setDiagnostics, SQLDialect, syntaxHighlighting, tags,
} from "codemirror";
import { known, offered } from "./completing.js";

const TYPES = "text bigint double numeric boolean timestamp date blob json interval integer real varchar";
const LOOKS = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--code)", fontSize: "13px", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--text)", padding: "10px 0" },
  ".cm-gutters": { backgroundColor: "var(--code)", color: "var(--quiet)", border: "none", paddingLeft: "6px" },
  ".cm-activeLine": { backgroundColor: "var(--hover)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--hover)", color: "var(--text)" },
  ".cm-placeholder": { color: "var(--quiet)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)" },
  ".cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--accent) 22%, transparent)", outline: "none" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--strong)", borderRadius: "8px", overflow: "hidden", boxShadow: "0 8px 28px #0004" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "15em" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "var(--quiet)", fontStyle: "normal", marginLeft: "1em" },
  "li[aria-selected] .cm-completionDetail": { color: "var(--on-accent)" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--failed)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--failed)", textUnderlineOffset: "3px" },
});
const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.lineComment, tags.blockComment], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.standard(tags.name), tags.typeName], color: "var(--code-name)" },
  { tag: tags.special(tags.name), color: "var(--code-name)" },
]);

/** The language of the server as an editor colours it. @param {any} words */
const dialect = (words) => SQLDialect.define({
  keywords: [...words.keywords, "await", "showresults", "local", "explain", "if", "by", "columns", "connections", "copy", "stdout", "nativequery", "sleep", "savepoint", "to"].join(" ").toLowerCase(),
  types: TYPES,
  builtin: words.functions.join(" "),
  hashComments: true,
  slashComments: true,
  doubleDollarQuotedStrings: true,
  identifierQuotes: "\"`",
  specialVar: "@:?$",
  operatorChars: "*+-%<>!=&|~^/",
});

/**
 * @param {HTMLElement} host @param {{text: string, words: any, changed: (text: string) => void, run: () => void, explain: () => void}} told
 */
export function edit(host, told) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const language = new Compartment();
  let all = known(told.words);
  const complete = (/** @type {any} */ context) => {
    const word = context.matchBefore(/[\w.$]*/);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    const { start, options } = offered(all, word.text, context.state.sliceDoc(0, word.from), context.state.doc.toString());
    return options.length ? { from: word.from + start, options, validFor: /^[\w$]*$/ } : null;
  };
  const act = (/** @type {() => void} */ work) => (/** @type {any} */ view) => { closeCompletion(view); work(); return true; };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: told.text,
      extensions: [
        lineNumbers(), history(), drawSelection(), highlightActiveLine(), bracketMatching(), closeBrackets(), syntaxHighlighting(COLOURS), LOOKS,
        EditorView.domEventHandlers({ beforeinput: overwrite }),
        placeholder("SELECT …   Ctrl+Enter runs it"),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "SQL", spellcheck: "false", autocapitalize: "off" }),
        autocompletion({ override: [complete], icons: false, maxRenderedOptions: 60 }),
        language.of(dialect(told.words).extension),
        keymap.of([
          { key: "Mod-Enter", run: act(told.run), preventDefault: true },
          { key: "Shift-Mod-Enter", run: act(told.explain), preventDefault: true },
          ...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...historyKeymap,
          { key: "Escape", run: (/** @type {any} */ view) => { view.contentDOM.blur(); return true; } },
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((/** @type {any} */ update) => { if (update.docChanged) told.changed(update.state.doc.toString()); }),
      ],
    }),
  });
  return {
    focus: () => view.focus(),
    /** The part that is selected, or everything, and where it begins. */
    selected: () => { const { from, to } = view.state.selection.main; return from === to ? { text: view.state.doc.toString(), from: 0 } : { text: view.state.sliceDoc(from, to), from }; },
    /** @param {string} text */
    write: (text) => { if (text !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }); },
    /** @param {string} text */
    insert: (text) => { view.dispatch(view.state.replaceSelection(text)); view.focus(); },
    /** @param {{at: number, message: string}[]} errors */
    mark: (errors) => view.dispatch(setDiagnostics(view.state, errors.map(({ at, message }) => ({ ...span(view.state, at), severity: /** @type {"error"} */ ("error"), message })))),
    /** @param {number} at */
    goTo: (at) => { const place = Math.min(at, view.state.doc.length); view.dispatch({ selection: { anchor: place }, scrollIntoView: true }); view.focus(); },
    /** @param {any} words */
    learn: (words) => { all = known(words); view.dispatch({ effects: language.reconfigure(dialect(words).extension) }); },
    end: () => view.destroy(),
  };
}

/** What is typed over a selection we insert: a browser would keep the looks of what it replaces, in a style that the policy forbids.
 * @param {InputEvent} event @param {any} view */
function overwrite(event, view) {
  const text = event.data;
  const { from, to } = selection(view);
  if (event.inputType !== "insertText" || from === to || !text || view.composing) return false;
  event.preventDefault();
  const insert = () => view.state.update({ changes: { from, to, insert: text }, selection: { anchor: from + text.length }, userEvent: "input.type", scrollIntoView: true });
  if (!view.state.facet(EditorView.inputHandler).some((/** @type {any} */ one) => one(view, from, to, text, insert))) view.dispatch(insert());
  return true;
}

/** What is selected: the editor may not have heard yet of what was selected a moment ago. @param {any} view */
function selection(view) {
  const seen = (view.root.getSelection ?? document.getSelection).call(view.root.getSelection ? view.root : document);
  if (!seen || seen.isCollapsed || !view.contentDOM.contains(seen.anchorNode)) return view.state.selection.main;
  const places = [view.posAtDOM(seen.anchorNode, seen.anchorOffset), view.posAtDOM(seen.focusNode, seen.focusOffset)];
  return { from: Math.min(...places), to: Math.max(...places) };
}

/** The word at a place, at least one letter of it. @param {any} state @param {number} at */
function span(state, at) {
  const from = Math.min(at, Math.max(state.doc.length - 1, 0));
  const word = state.wordAt(from);
  return word && word.from === from ? { from, to: word.to } : { from, to: Math.min(from + 1, state.doc.length) };
}
