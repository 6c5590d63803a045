"""Fingerprints on any interpreter, with the standard library alone: `python cells_support.py < sources.json`.

Run without a package around it, so that interpreters in which nothing is installed can answer too.
"""

import importlib
import json
import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def bare_cells():
    "The module `cells` where the package's own dependencies may be missing."
    if "comprehend_nb" not in sys.modules:
        package = types.ModuleType("comprehend_nb")
        package.__path__ = [str(ROOT / "comprehend_nb")]
        sys.modules["comprehend_nb"] = package
    return importlib.import_module("comprehend_nb.cells")


def answers(sources):
    "The fingerprint of each source, or the word `CellError`."
    cells = bare_cells()
    out = []
    for source in sources:
        try:
            out.append(cells.fingerprint(source))
        except cells.CellError:
            out.append("CellError")
    return out


if __name__ == "__main__":
    json.dump(answers(json.load(sys.stdin)), sys.stdout)
