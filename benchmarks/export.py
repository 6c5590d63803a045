"""check and export against nbdev-export, in CPU seconds, on a project of 66 notebooks and 3,300 cells.

    python benchmarks/export.py [FOLDER]     FOLDER: an nbdev project, copied, adopted and measured instead of the made one
    python benchmarks/export.py --json       the figures as JSON

Every exported cell has records of a run and an explanation. The made project is real code: functions and classes of the standard library, one to a cell, with prose and a plain
cell after each, in notebooks that import from each other. CPU is user + system time of the process and its children; every run is a fresh process. Each run is followed by
nbdev-export on a copy of the project, so that both see the same machine: the ratio is the median of the pairs.
"""

import ast
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

RUNS = 5
NBDEV = Path(sys.executable).with_name("nbdev-export")
SETTINGS = "[comprehend_nb]\nai = explained\nother = explained\nglue = executed\n"
LIMITS = {
    "check, cold": 1.0,
    "check, warm": 0.5,
    "export of all": 1.3,
    "export, one notebook changed": 0.25,
    "export, nothing changed": 0.1,
}


def pieces(path):
    "Imports of a module, and its definitions as source; constants that a module needs stay with the imports."
    text = path.read_text(encoding="utf-8")
    lines, head, rest = text.splitlines(), [], []
    for node in ast.parse(text).body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        source = "\n".join(lines[first - 1 : node.end_lineno])
        (rest if isinstance(node, ast.FunctionDef | ast.ClassDef) else head).append(source)
    return head, rest


def make(root, notebooks=66, cells=3300):
    "A project of about so many notebooks and cells, made of modules of the standard library."
    (root / "nbs").mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        '[project]\nname = "bench"\n[project.urls]\nDocumentation = "https://docs.example.org"\n[tool.nbdev]\nupdate_pyproject = false\n'
    )
    sources = sorted(Path(sysconfig.get_path("stdlib")).glob("[a-z]*.py"))
    chosen = [p for p in sources if 8_000 < p.stat().st_size < 90_000][:: max(1, len(sources) // 200)]
    found = [(p.stem, *pieces(p)) for p in chosen if "from ." not in p.read_text(encoding="utf-8")][:notebooks]
    spare = cells - sum(2 * len(r) + 3 for _, _, r in found)  # filled up with plain cells, as lessons and tests are
    for i, (name, head, rest) in enumerate(found):
        before = f"from bench.m{i - 1:02}_{found[i - 1][0]} import *\n" if i else ""
        made = [
            ("markdown", f"# {name}\n\n> Made from {name}."),
            ("code", f"#| default_exp m{i:02}_{name}"),
            ("code", f"#| export\n{before}" + "\n".join(head)),
        ]
        for k, source in enumerate(rest):
            made += [("markdown", f"Words about number {k}. " * 6), ("code", f"#| export\n{source}")]
            if spare > 0:
                spare -= 1
                made.append(("code", f"number_{k} = [{k}, {i}]\nprint(number_{k})"))
        nb = [
            {"cell_type": t, "id": f"{i:02x}{j:04x}", "metadata": {}, "source": s.splitlines(keepends=True)}
            | (
                {"outputs": [{"output_type": "stream", "name": "stdout", "text": ["x" * 900]}], "execution_count": j}
                if t == "code"
                else {}
            )
            for j, (t, s) in enumerate(made)
        ]
        (root / f"nbs/{i:02}_{name}.ipynb").write_text(
            json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": nb}, indent=1)
        )


DIGITS = str.maketrans("0123456789", "ghijklmnop")


def understand(root):
    "Record for every exported cell that somebody ran and explained it; returns how many there are."
    from comprehend_nb.export.checking import gather
    from comprehend_nb.ledger.identity import Person, slug
    from comprehend_nb.ledger import Ledger
    from comprehend_nb.notebooks import Project

    found, count = gather(Project.at(root)), 0
    with Ledger(root, Person(slug("bench@example.org"), "bench", "bench@example.org", "given")) as ledger:
        for notebook in found.notebooks:
            for own in notebook.exported:
                if own.cell is None:
                    continue
                closure, count = found.resolver.scope(notebook).closure(own.cell), count + 1
                word = iter(own.cell.fingerprint[4:].translate(DIGITS)[k : k + 5] for k in range(0, 30, 5))
                said = {
                    "what": f"hands back the {next(word)} that readers of {next(word)} asked for",
                    "why": f"callers in {next(word)} want one place for it, not {next(word)}",
                    "fails": f"where a {next(word)} comes in that is no {next(word)} at all",
                }
                common = {"parts": dict(closure.parts), "symbols": list(own.cell.symbols)}
                ledger.append("executed", own.cell.fingerprint, closure.digest, **common)
                ledger.append("explained", own.cell.fingerprint, closure.digest, **common, **said)
    return count


def take_in(root):
    "Record a baseline: what a project of others has done wrong for years is not refused then."
    from comprehend_nb.ledger.identity import Person, slug
    from comprehend_nb.workflow.setup import adopt

    return adopt(root, Person(slug("bench@example.org"), "bench", "bench@example.org", "given")).adopted


def cpu(*command, cwd):
    "CPU seconds of a command with its children, and its exit status."
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environ = {k: v for k, v in os.environ.items() if k not in ("IN_TEST", "PYTHONDONTWRITEBYTECODE")} | {
        "PYTHONPATH": str(Path(__file__).parents[1])
    }
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=environ, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done


def ours(what, root):
    seconds, done = cpu(
        sys.executable,
        "-c",
        f"from comprehend_nb.notebooks import Project; from comprehend_nb.export import {what}; r = {what}(Project.at('.')); {'assert r.ok, r.problems[:5]' if what == 'check' else ''}",
        cwd=root,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return seconds


def pairs(work, peer, before=lambda: None):
    "Median CPU seconds of `work` and of `peer`, and the median of their ratios, run by turns."
    ours, theirs = [], []
    for _ in range(RUNS):
        before()
        ours.append(work())
        theirs.append(peer())
    return (
        statistics.median(ours),
        statistics.median(theirs),
        statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
    )


def touch(path, n=[0]):  # noqa: B006 (a counter)
    "Change the last exported cell of a notebook: a comment, so that what is known of it still holds."
    n[0] += 1
    nb = json.loads(path.read_text())
    last = [c for c in nb["cells"] if "#| export" in "".join(c["source"]) or "#|export" in "".join(c["source"])][-1]
    last["source"] = "".join(last["source"]) + f"\n# {n[0]}"
    path.write_text(json.dumps(nb, indent=1))


def measure(root):
    "What is measured -> CPU seconds, nbdev-export's beside it, their ratio."
    local = root / ".comprehend/local"
    package = next(p.parent for p in root.glob("*/_modidx.py"))
    notebooks = sorted(
        p for p in (root / "nbs").rglob("*.ipynb") if "#| export" in p.read_text() or "#|export" in p.read_text()
    )
    twin = root.with_name("twin")
    shutil.copytree(root, twin, symlinks=True)

    def nbdev():
        return cpu(NBDEV, cwd=twin)[0]

    def cold():
        shutil.rmtree(local, ignore_errors=True)
        cpu(NBDEV, cwd=root)

    def forget():
        shutil.rmtree(local, ignore_errors=True)
        for path in package.rglob("*.py"):
            if "AUTOGENERATED" in path.read_text()[:5000]:
                path.unlink()

    ours("export", root)
    found = {"check, cold": pairs(lambda: ours("check", root), nbdev, cold)}
    ours("export", root)
    found["check, warm"] = pairs(lambda: ours("check", root), nbdev)
    found["export of all"] = pairs(lambda: ours("export", root), nbdev, forget)
    places = [notebooks[len(notebooks) * k // RUNS] for k in range(RUNS)]
    each = iter(places * RUNS)
    found["export, one notebook changed"] = pairs(lambda: ours("export", root), nbdev, lambda: touch(next(each)))
    found["export, nothing changed"] = pairs(lambda: ours("export", root), nbdev)
    return found


def main():
    given = [a for a in sys.argv[1:] if not a.startswith("-")]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        root = Path(folder, "project")
        if given:
            shutil.copytree(given[0], root, symlinks=True, ignore=shutil.ignore_patterns("docs"))
        else:
            make(root)
        (root / "settings.ini").write_text(SETTINGS)
        cpu(NBDEV, cwd=root)
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        count = take_in(root) if given else understand(root)
        subprocess.run(
            "git add -A; git -c user.name=bench -c user.email=bench@example.org commit -qm all",
            shell=True,
            cwd=root,
            check=True,
        )
        found = measure(root)
        cells = sum(len(json.loads(p.read_text())["cells"]) for p in (root / "nbs").rglob("*.ipynb"))
        notebooks = len(list((root / "nbs").rglob("*.ipynb")))
    if "--json" in sys.argv:
        print(json.dumps({"notebooks": notebooks, "cells": cells, "exported": count, "cpu": found}))
        return
    print(f"{notebooks} notebooks, {cells} cells, {count} exported; CPU seconds, median of {RUNS}\n")
    print(f"{'':32}{'CPU s':>8}{'nbdev-export':>14}{'ratio':>8}{'limit':>7}")
    for name, (seconds, peer, ratio) in found.items():
        print(
            f"{name:32}{seconds:8.2f}{peer:14.2f}{ratio:8.2f}{LIMITS[name]:7.2f}{'' if ratio <= LIMITS[name] else '  above'}"
        )


if __name__ == "__main__":
    main()
