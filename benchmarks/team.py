"""check and report against the size of a team's project: notebooks, records, seconds, peak memory, and how each grows.

    python benchmarks/team.py [RECORDS NOTEBOOKS]...     default: four sizes up to 1,000,000 records and 2,000 notebooks; 6 to 15 minutes
    python benchmarks/team.py --json [...]               the figures as JSON
    python benchmarks/team.py --make DIR RECORDS NOTEBOOKS   only make such a project and keep it
    ... --deep                                           all notebooks hang together: how deep code rests on code grows with the project as well

The made project: notebooks of 6 exported functions of different shapes that import from each other (within 100 notebooks, as within a package), eight people, a ledger of sessions of 2,000 records (two thirds of them about code that is no longer there, as
after years), commits by several authors, some of them fixes. Each figure is a fresh process, in seconds of wall time and of CPU, and its peak of memory. Cold: without `.comprehend/local`; warm: the same again; one changed: after an edit of one notebook;
one session: after that, and somebody explained its cells in a session of their own. Limits are those of the largest size, on wall time: run it while nothing else does.
"""

import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = [(30_000, 60), (100_000, 200), (300_000, 600), (1_000_000, 2000)]
LIMITS = {"cold": 60.0, "warm": 5.0, "MiB": 1024}
PER = 6
SETTINGS = "[comprehend_nb]\nai = verified\nother = explained\nglue = none\n"
WORDS = [
    "margin",
    "tariff",
    "parcel",
    "ledger",
    "sensor",
    "orchard",
    "harbour",
    "invoice",
    "valve",
    "lantern",
    "quarry",
    "compass",
    "meadow",
    "turbine",
    "archive",
    "signal",
]


def function(i, k, rng, imports):
    "The source of one function: six to twelve statements, calling an earlier one now and then."
    called = f"f{i}_{k - 1}(x)" if k and rng.random() < 0.6 else f"g{i}(x)" if imports and not k else "x"
    steps = "\n".join(
        f"        y = y * {rng.randrange(2, 99)} + {rng.randrange(999)}" for _ in range(rng.randrange(1, 7))
    )
    return f"def f{i}_{k}(x, limit={rng.randrange(9999)}):\n    'Number {k} of {i}.'\n    y = {called}\n    if y > limit:\n{steps}\n        return y - {i}\n    return y + {k}"


def make_notebooks(root, count, rng):
    group = count if "--deep" in sys.argv else 100
    (root / "nbs").mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        '[project]\nname = "bench"\nversion = "0.1"\n[tool.nbdev]\nupdate_pyproject = false\n'
    )
    (root / "settings.ini").write_text(SETTINGS)
    for i in range(count):
        write(
            root,
            i,
            [function(i, k, rng, i % group > 0) for k in range(PER)],
            rng.randrange(max(i - 20, i // group * group), i) if i % group else None,
        )


def write(root, i, sources, other):
    made = [("markdown", f"# m{i}\n\n> Notebook {i}."), ("code", f"#| default_exp m{i:04}")]
    made.append(
        (
            "code",
            "#| export\nimport math"
            + (f"\nfrom bench.m{other:04} import f{other}_0 as g{i}" if other is not None else ""),
        )
    )
    for source in sources:
        made += [("code", f"#| export\n{source}"), ("code", f"print({len(source)})")]
    nb = [
        {"cell_type": t, "id": f"{i:04x}{j:04x}", "metadata": {}, "source": s.splitlines(keepends=True)}
        | ({"outputs": [], "execution_count": None} if t == "code" else {})
        for j, (t, s) in enumerate(made)
    ]
    (root / f"nbs/{i:04}_m.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": nb}, indent=1)
    )


def people(count=8):
    from comprehend_nb.ledger.identity import Person

    return [Person.of(f"Person {c}", f"p{c}@example.org") for c in range(count)]


def said(n, rng):
    "Words of an explanation that no other has."
    a, b, c = rng.sample(WORDS, 3)
    return {
        "what": f"turns the {a} number {n} into a {b} level above its limit",
        "why": f"callers of {c} number {n} want one place for that rule, not two",
        "fails": f"where the {a} is text it raises TypeError after {n % 97} steps",
    }


def write_ledger(root, records, rng, size=2000):
    "Live records of most exported cells, then records of code that is no longer there, in sessions of `size`."
    from comprehend_nb.export.checking import gather
    from comprehend_nb.notebooks import Project

    found, live = gather(Project.at(root)), []
    for n, notebook in enumerate(found.notebooks):
        for own in notebook.exported:
            closure = found.resolver.closure(notebook, own)
            if own.cell.kind == "logic" and rng.random() < 0.85:
                common = {"symbols": list(own.cell.symbols), "parts": dict(closure.parts)}
                live.append((n, own.cell.fingerprint, closure.digest, common))
    lines, number = {p: [] for p in people()}, 0
    for n, fp, closure, common in live:
        team = [p for k, p in enumerate(lines) if k in (n % 8, (n + rng.randrange(8)) % 8)]
        for p in team[: 1 + (rng.random() < 0.4)]:
            number += 1
            lines[p] += [("proposed", fp, closure, {"intent": "a rule"})] if rng.random() < 0.3 else []
            lines[p] += [("executed", fp, closure, common), ("explained", fp, closure, common | said(number, rng))]
            if rng.random() < 0.7:
                lines[p].append(
                    (
                        "checked",
                        fp,
                        closure,
                        common
                        | {
                            "verdict": rng.choice(["passed", "passed", "passed", "attested", "failed"]),
                            "confidence": rng.choice([0.25, 0.5, 0.75, 1.0]),
                        },
                    )
                )
    old = [f"fp1:{rng.getrandbits(128):032x}" for _ in range(max(records // 12, 1))]
    writers = list(lines)
    for n in range(max(0, records - sum(map(len, lines.values())))):
        fp = old[n % len(old)]
        kind = ("executed", "executed", "explained", "checked")[n % 4]
        data = (
            said(n + 10**7, rng)
            if kind == "explained"
            else {"verdict": "passed", "confidence": 0.75}
            if kind == "checked"
            else {"symbols": ["old"]}
        )
        lines[writers[n % 8]].append((kind, fp, f"cl1:{fp[4:]}", data))
    for person, own in lines.items():
        for start in range(0, len(own), size):
            session(root, person, own[start : start + size], start)


def session(root, person, rows, start):
    "One file of the ledger, written as a kernel session would, without waiting for it."
    from comprehend_nb.ledger.chain import FORMAT, Header, header_line, record_line
    from comprehend_nb.ledger import FOLDER

    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + start * 120))
    name = f"{person.id}/202401-{start:016x}.jsonl"
    line, seed = header_line(Header(FORMAT, person, f"{start:x}", name, at))
    out, prev = [line], seed
    for k, (kind, fp, closure, data) in enumerate(rows):
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + (start + k) * 120))
        line, prev = record_line(seed, prev, kind, when, fp, closure, data)
        out.append(line)
    path = root / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(out))


def git(root, *args, who=None, at=0):
    who = who or people()[0]
    env = os.environ | {
        f"GIT_{r}_{k}": v
        for r in ("AUTHOR", "COMMITTER")
        for k, v in (("NAME", who.name), ("EMAIL", who.email), ("DATE", f"{at or 1_700_000_000} +0000"))
    }
    subprocess.run(["git", *args], cwd=root, env=env, check=True, capture_output=True)


def make(root, records, notebooks, seed=1):
    "A whole project: notebooks, history and ledger. A person commits their own sessions."
    rng = random.Random(seed)
    make_notebooks(root, notebooks, rng)
    git(root, "init", "-q", "-b", "main")
    team = people()
    for k in range(8):
        git(root, "add", *[f"nbs/{i:04}_m.ipynb" for i in range(k, notebooks, 8)] or ["settings.ini"], who=team[k])
        git(root, "commit", "-q", "--allow-empty", "-m", f"part {k}", who=team[k], at=1_700_000_000 + k * 86_400)
    write_ledger(root, records, rng)
    for k, person in enumerate(team):
        git(root, "add", f".comprehend/ledger/{person.id}", who=person)
        git(root, "commit", "-q", "-m", "what I explained", who=person, at=1_710_000_000 + k * 86_400)
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "settings", at=1_711_000_000)


WORK = {
    "check": "from comprehend_nb.export import check; check(P)",
    "report": "from comprehend_nb.report.team import as_json, report; from comprehend_nb.report.page import page; r = report(P); page(r); as_json(r)",
}
_WRAP = "import sys, resource, time; t = time.perf_counter(); from pathlib import Path; from comprehend_nb.notebooks import Project; P = Project.at('.'); {}; print(time.perf_counter() - t, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"


def once(what, root):
    "Seconds of wall time within the process, CPU seconds of all its threads, and MiB at its peak; a fresh process."
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {
        "PYTHONPATH": str(Path(__file__).parents[1])
    }
    done = subprocess.run(
        [sys.executable, "-c", _WRAP.format(WORK[what])], cwd=root, env=environ, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return tuple(map(float, done.stdout.split()[-3:]))


def touch(root, notebooks):
    "Change one notebook in the middle: an exported function gets another number."
    path = root / f"nbs/{notebooks // 2:04}_m.ipynb"
    path.write_text(path.read_text().replace("limit=", "limit=1", 1))


def explain(root, notebooks):
    "Somebody's session on that notebook: each function run and explained."
    from comprehend_nb.notebooks import read_notebook

    rng, rows = random.Random(notebooks), []
    for own in read_notebook(root / f"nbs/{notebooks // 2:04}_m.ipynb"):
        if own.cell and own.cell.kind == "logic" and own.exported:
            common = {"symbols": list(own.cell.symbols)}
            rows += [
                ("executed", own.cell.fingerprint, "cl1:0", common),
                ("explained", own.cell.fingerprint, "cl1:0", common | said(rng.randrange(10**9), rng)),
            ]
    session(root, people()[0], rows, 10**7)


STATES = ("cold", "warm", "one changed", "one session")


def measure(records, notebooks):
    out = {"records": records, "notebooks": notebooks}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        root, deep = Path(folder, "project"), ["--deep"] if "--deep" in sys.argv else []
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, __file__, "--make", root, str(records), str(notebooks), *deep], check=True
        )  # in a process of its own: a child's peak begins at its parent's
        out["made in"] = time.perf_counter() - start
        for what in WORK:
            shutil.rmtree(root / ".comprehend/local", ignore_errors=True)
            (root / ".comprehend/local").mkdir()
            (root / ".comprehend/local/.gitignore").write_text("*\n")
            for state in STATES:
                if state == "one changed":
                    touch(root, notebooks)
                if state == "one session":
                    explain(root, notebooks)
                wall, cpu, peak = once(what, root)
                out |= {f"{what}, {state}": wall, f"{what}, {state}, CPU": cpu, f"{what}, {state}, MiB": peak}
            git(root, "checkout", "--", "nbs")
            git(root, "clean", "-qfd", ".comprehend/ledger")
    return out


def main():
    if "--make" in sys.argv:
        root = Path(sys.argv[sys.argv.index("--make") + 1])
        root.mkdir(parents=True)
        make(root, *map(int, sys.argv[sys.argv.index("--make") + 2 :][:2]))
        return
    numbers = [int(a) for a in sys.argv[1:] if not a.startswith("-")]
    sizes = list(zip(numbers[::2], numbers[1::2], strict=True)) or SIZES
    found = []
    for records, notebooks in sizes:
        found.append(measure(records, notebooks))
        print(
            f"{records:,} records, {notebooks:,} notebooks: made in {found[-1]['made in']:.0f} s, measured",
            file=sys.stderr,
        )
    print(json.dumps(found)) if "--json" in sys.argv else show(found)


def show(found):
    "A line for each figure: one column a size, how it grows, and the limit."
    large = found[-1]["notebooks"] >= 2000
    print(
        f"{'':28}"
        + "".join(f"{f['records']:>12,}" for f in found)
        + "   records\n"
        + f"{'':28}"
        + "".join(f"{f['notebooks']:>12,}" for f in found)
        + "   notebooks"
    )
    for what in WORK:
        for state in STATES:
            for unit, suffix in (("s", ""), ("s of CPU", ", CPU"), ("MiB", ", MiB")):
                name = f"{what}, {state}{suffix}"
                values, limit = (
                    [f[name] for f in found],
                    LIMITS.get("MiB" if unit == "MiB" else "" if suffix else state),
                )
                over = (
                    f"   ABOVE {limit:g}"
                    if large and limit and values[-1] > limit
                    else f"   at most {limit:g}"
                    if large and limit
                    else ""
                )
                print(
                    f"{f'{what}, {state}, {unit}':28}"
                    + "".join(f"{v:>12.1f}" for v in values)
                    + f"{grows(found, name):>28}{over}"
                )


def grows(found, name):
    "The exponent of growth from the first size to the last, and from the last but one: 1 is linear."
    if len(found) < 2:
        return ""
    first, last = (
        math.log(found[-1][name] / f[name]) / math.log(found[-1]["records"] / f["records"])
        for f in (found[0], found[-2])
    )
    return f"size ^ {first:.2f}, at last ^ {last:.2f}"


if __name__ == "__main__":
    main()
