"""What reading a cell costs, beside `ast.parse` of the same text as the floor.

    python benchmarks/cells.py [NOTEBOOK-FOLDER]

Without a folder the cells are functions and classes of the standard library, 3,300 of them.
"""

import ast
import inspect
import json
import statistics
import sys
import time
from pathlib import Path

from comprehend_nb import cells
from comprehend_nb.cells import cell, closure
from comprehend_nb.cells.canonical import canonical
from comprehend_nb.cells.names import names


def from_library(limit=3300):
    "Top-level functions and classes of the standard library, up to 40 lines, and one constant cell in four."
    out = []
    for path in sorted(Path(inspect.__file__).parent.glob("*.py")):
        text = path.read_text(encoding="utf8", errors="ignore")
        rows = text.split("\n")
        for node in ast.parse(text).body:
            piece = "\n".join(rows[node.lineno - 1 : node.end_lineno])
            is_code = isinstance(node, (ast.FunctionDef, ast.ClassDef))
            if not node.col_offset and (3 <= piece.count("\n") < 40 if is_code else len(out) % 4 == 0):
                out.append(piece)
    return out[:limit]


def from_notebooks(folder):
    "The code cells of every notebook under `folder`."
    out = []
    for path in sorted(Path(folder).rglob("*.ipynb")):
        code = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        out += ["".join(cell["source"]) for cell in code]
    return out


def cost(work, items, repeat=5):
    "CPU microseconds for one item: the best of `repeat` runs over all, and the median item's."
    best, singles = float("inf"), None
    for _ in range(repeat):
        cell._parse.cache_clear()
        each = []
        start = time.process_time()
        for item in items:
            t = time.perf_counter()
            work(item)
            each.append(time.perf_counter() - t)
        total = time.process_time() - start
        if total < best:
            best, singles = total, each
    return best / len(items) * 1e6, statistics.median(singles) * 1e6, best


def readable(source):
    try:
        cells.parse(source)
    except cells.CellError:
        return False
    return True


def main(folder=None):
    sources = from_notebooks(folder) if folder else from_library()
    total = len(sources)
    sources = [s for s in sources if readable(s)]
    plain = [s for s in sources if not cells.parse(s).uses_ipython]
    magic = [s for s in sources if cells.parse(s).uses_ipython]
    trees = [ast.parse(s).body for s in plain]
    lines = [s.count("\n") + 1 for s in sources]
    print(
        f"{len(sources)} cells ({len(magic)} with IPython syntax, {total - len(sources)} refused), "
        f"median {statistics.median(lines):g} lines, mean {statistics.mean(lines):.1f}\n"
    )
    ten = [s for s in plain if 9 <= s.count("\n") + 1 <= 11]
    read = [cells.parse(s) for s in sources]
    scope = closure.Scope()
    rows = [
        ("ast.parse, the floor", ast.parse, plain),
        ("canonical form", lambda body: [canonical(n) for n in body], trees),
        ("names", names, trees),
        ("parse: the whole cell", cells.parse, plain),
        ("ast.parse, 9 to 11 lines", ast.parse, ten),
        ("parse, 9 to 11 lines", cells.parse, ten),
        ("parse, IPython syntax", cells.parse, magic),
        ("parse, all cells", cells.parse, sources),
        ("Scope.add", scope.add, read),
        ("Scope.closure, one scope", scope.closure, read),
    ]
    print(f"{'':28}{'cells':>7}{'mean µs':>10}{'median µs':>11}{'all, CPU s':>12}")
    for label, work, items in rows:
        if items:
            mean, median, total = cost(work, items, 1 if label == "Scope.add" else 3)
            print(f"{label:28}{len(items):7}{mean:10.1f}{median:11.1f}{total:12.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
