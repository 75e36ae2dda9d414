"""Check the types of the console's pages (`// @ts-check`, JSDoc) with TypeScript, which npm brings for the moment.

For CI and maintainers; nobody needs Node.js to install, run or test runyard.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from vendor import MODULES  # type: ignore[import-not-found]  # beside this file, where Python looks first

EDITOR = "codemirror.ts"
TYPESCRIPT = "typescript@7.0.2"
PAGES = Path(__file__).parent.parent / "src" / "runyard" / "web" / "static"
PLACES = ("ui", "sql", "workflows", "admin")
IMPORTED = ("preact", "preact/hooks", "@preact/signals", "htm", "@dagrejs/dagre", "uplot", "ansi_up")


def main() -> int:
    if shutil.which("npm") is None:
        print("npm is not there: the types of the console's pages are not checked.")
        return int(os.environ.get("CI") == "true")
    packages = sorted({package for module in MODULES for package in module.packages})
    with tempfile.TemporaryDirectory() as folder:
        install = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", TYPESCRIPT, *packages)
        subprocess.run(install, cwd=folder, check=True)
        file = Path(folder) / "tsconfig.json"
        _write_editor(Path(folder))
        every = [f"{PAGES}/{place}/*.js" for place in PLACES]
        file.write_text(json.dumps({"compilerOptions": _options(Path(folder)), "include": every}))
        tsc = str(Path(folder) / "node_modules" / ".bin" / "tsc")
        return subprocess.run((tsc, "--project", str(file)), cwd=folder, check=False).returncode


def _write_editor(folder: Path) -> None:
    """Say what `codemirror` gives the pages: what is vendored under that name is made of several packages."""
    (module,) = (one for one in MODULES if one.name == "codemirror.js")
    (folder / EDITOR).write_text(module.text.format())


def _options(folder: Path) -> dict[str, object]:
    return {
        "allowJs": True,
        "checkJs": True,
        "noEmit": True,
        "strict": True,
        "skipLibCheck": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2023", "dom", "dom.iterable"],
        "types": [],
        "paths": {
            **{name: [str(folder / "node_modules" / name)] for name in IMPORTED},
            "codemirror": [str(folder / EDITOR)],
        },
    }


if __name__ == "__main__":
    sys.exit(main())
