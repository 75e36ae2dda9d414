"""Make src/runyard/web/static/vendor anew: what the console's pages import, each one minified ES module.

For maintainers, with npm at hand: `python tools/vendor.py`. Everybody else takes what is committed; a test compares it
with the hashes in vendor/manifest.json.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src" / "runyard" / "web" / "static" / "vendor"
ESBUILD = "esbuild@0.28.2"


@dataclass(frozen=True, kw_only=True)
class Module:
    """One module of the console, and what of npm is in it."""

    name: str
    entry: str  # what an `import` names, or a file; empty if the text names all
    packages: tuple[str, ...]  # the first is the one it is called after; all are bundled
    text: str = 'export * from "{entry}";'


PREACT = "preact@11.2.0"
SIGNALS = ("@preact/signals@2.11.4", "@preact/signals-core@1.14.5")
EDITOR = (
    "@codemirror/view@6.43.15",
    "@codemirror/state@6.7.6",
    "@codemirror/language@6.13.1",
    "@codemirror/commands@6.11.1",
    "@codemirror/autocomplete@6.20.4",
    "@codemirror/lint@6.9.8",
    "@codemirror/lang-sql@6.10.0",
    "@codemirror/streamparser@6.0.0",
    "@lezer/common@1.5.5",
    "@lezer/highlight@1.2.5",
    "@lezer/lr@1.4.12",
    "@marijn/find-cluster-break@1.0.4",
    "crelt@1.0.7",
    "style-mod@4.1.5",
    "w3c-keyname@2.2.8",
)
EDITORS = """
export {{ Compartment, EditorState }} from "@codemirror/state";
export {{ EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers, placeholder }} from "@codemirror/view";
export {{ HighlightStyle, bracketMatching, syntaxHighlighting }} from "@codemirror/language";
export {{ defaultKeymap, history, historyKeymap, toggleComment }} from "@codemirror/commands";
export {{
  autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap,
}} from "@codemirror/autocomplete";
export {{ lintKeymap, setDiagnostics }} from "@codemirror/lint";
export {{ SQLDialect, sql }} from "@codemirror/lang-sql";
export {{ tags }} from "@lezer/highlight";
"""
FRAME = """
export * from "preact";
export * from "preact/hooks";
export * from "@preact/signals";
export {{ default }} from "htm";
"""
"""What every page is written with, in one file: a request of a first visit costs a browser more than these bytes."""
MODULES = (
    Module(name="preact.js", entry="", packages=(PREACT, *SIGNALS, "htm@3.1.1"), text=FRAME),
    Module(
        name="dagre.js",
        entry="@dagrejs/dagre",
        packages=("@dagrejs/dagre@3.1.3", "@dagrejs/graphlib@4.0.6"),
        text='import * as dagre from "{entry}"; const all = dagre.default ?? dagre; '
        "export const graphlib = all.graphlib; export const layout = all.layout;",
    ),
    Module(name="uplot.js", entry="uplot", packages=("uplot@1.6.32",), text='export {{ default }} from "{entry}";'),
    Module(name="ansi_up.js", entry="ansi_up", packages=("ansi_up@6.0.6",)),
    Module(name="codemirror.js", entry="", packages=EDITOR, text=EDITORS),
)
STYLES = {"uplot.css": ("uplot/dist/uPlot.min.css", "uplot@1.6.32")}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        packages = sorted({package for module in MODULES for package in module.packages})
        _run(work, "npm", "init", "--yes")
        _run(work, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *packages, ESBUILD)
        shutil.rmtree(TARGET, ignore_errors=True)
        (TARGET / "licences").mkdir(parents=True)
        rows = [_module(work, module) for module in MODULES]
        rows += [_style(work, name, *told) for name, told in STYLES.items()]
    manifest = {"made_by": f"tools/vendor.py with {ESBUILD}", "files": rows}
    (TARGET / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return 0


def _module(work: Path, module: Module) -> dict[str, Any]:
    entry = work / f"entry-{module.name}"
    entry.write_text(module.text.format(entry=module.entry))
    arguments = ("--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=none")
    _run(work, "npx", "esbuild", str(entry), *arguments, f"--outfile={TARGET / module.name}")
    return _row(work, module.name, module.packages)


def _style(work: Path, name: str, source: str, package: str) -> dict[str, Any]:
    shutil.copy(work / "node_modules" / source, TARGET / name)
    return _row(work, name, (package,))


def _row(work: Path, name: str, packages: tuple[str, ...]) -> dict[str, Any]:
    content = (TARGET / name).read_bytes()
    return {
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "packages": [_package(work, package) for package in packages],
    }


def _package(work: Path, package: str) -> dict[str, str]:
    name, _, version = package.rpartition("@")
    folder = work / "node_modules" / name
    told = json.loads((folder / "package.json").read_text())
    if told["version"] != version:
        raise SystemExit(f"{name}: npm gave {told['version']}, not {version}")
    licence = f"{name.replace('/', '-').strip('@')}.txt"
    shutil.copy(folder / "LICENSE", TARGET / "licences" / licence)
    return {"name": name, "version": version, "licence": told["license"], "text": f"licences/{licence}"}


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
