"""Checks: how many cells can be asked about, what a guesser gets who sees only questions and options, and how explanations are judged.

    python benchmarks/checks.py coverage [--scripts DIR] [--most N]     default: the examples in the docstrings of installed libraries, run as cells
    python benchmarks/checks.py attack [--items N]                      an included attacker on at least 500 items
    python benchmarks/checks.py explanations                            known-bad ones, and known-good terse ones

Coverage: every example is a script; each statement (or run of statements up to one that shows something) is a cell. It is run in order, and each cell of
logic that ran is asked about before it runs, on the objects that are there then. A cell counts where one counterfactual or one prediction is drawn.
Limit: 90 % of them. DIR is a folder of scripts with `# %%` cells, such as a checkout of scikit-learn's `examples/`.

Attack: the attacker (see `attacker.py`) is shown the question, its options and nothing else; neither code nor data. It learns from the items of four fifths of the
scripts, and is tried on the rest. Every way of asking is drawn from every cell, those too that a person is asked in only where no other is to be had. Limit: chance (a quarter for a choice, nothing for a typed answer) and ten points, for each kind. Known-bad items must fall to it.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import doctest
import importlib
import io
import math
import os
import pkgutil
import random
import re
import signal
import sys
import tempfile
import time
import types
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import attacker
from checks_support import forks

from comprehend_nb.cells import CellError, parse
from comprehend_nb.checks import CannotAsk, Counterfactual, Item, Pool, Predict, explore, subject_of
from comprehend_nb.checks.facts import is_together
from comprehend_nb.checks.items import WAYS, Kind
from comprehend_nb.checks.pool import SECONDS

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["MPLBACKEND"] = "agg"
Script = tuple[str, list[str]]


# --- scripts


def documented(packages: list[str], most: int, seed: int = 7) -> list[Script]:
    "Examples in docstrings, as scripts of cells: those with at least four statements, a fixed random choice of them."
    found: dict[str, list[str]] = {}
    for package in packages:
        with contextlib.suppress(ImportError):
            root = importlib.import_module(package)
            names = [package] + [
                m.name
                for m in pkgutil.iter_modules(getattr(root, "__path__", []), f"{package}.")
                if "test" not in m.name and "._" not in m.name
            ]
            for name in names:
                found.update(_of_module(name))
    scripts = [(n, c) for n, c in sorted(found.items()) if sum(map(len, c)) > 120 and len(c) >= 2]
    return random.Random(seed).sample(scripts, min(most, len(scripts)))


def _of_module(name: str) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = importlib.import_module(name)
        except Exception:
            return out
    for key in getattr(module, "__all__", None) or [k for k in vars(module) if not k.startswith("_")]:
        thing = getattr(module, key, None)
        text = getattr(thing, "__doc__", None)
        if isinstance(thing, (type, types.FunctionType)) and isinstance(text, str) and ">>>" in text:
            with contextlib.suppress(ValueError):
                out[f"{name}.{key}"] = _grouped(doctest.DocTestParser().get_examples(text))
    return out


def _grouped(examples: list[Any]) -> list[str]:
    "One cell for statements up to one that shows something, as a person writes cells."
    cells: list[str] = []
    part: list[str] = []
    for e in examples:
        part.append(e.source.rstrip("\n"))
        if e.want:
            cells.append("\n".join(part))
            part = []
    return [*cells, *(["\n".join(part)] if part else [])]


def percent(folder: Path, most: int, seed: int = 7) -> list[Script]:
    "Scripts with `# %%` cells below a folder, comments left out."
    paths = [
        p
        for p in sorted(folder.rglob("*.py"))
        if "# %%" in (text := p.read_text(errors="replace")) and "fetch_" not in text
    ]
    chosen = random.Random(seed).sample(paths, min(most, len(paths)))
    return [(p.stem, [c for c in re.split(r"^# %%.*$", p.read_text(), flags=re.M) if c.strip()]) for p in chosen]


# --- asking


class Overdue(Exception):
    pass


def _overdue(number: int, frame: object) -> None:
    raise Overdue


def _loaded(tree: ast.Module) -> None:
    "Load what the cell imports, as it is in a kernel where the cell ran: a copy would load it anew for each variation."
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                exec(ast.unparse(node), {"__name__": "__main__"})


def asked(
    cells: list[str], draws: int, kinds: Sequence[Kind] = (Counterfactual(), Predict()), *, seconds: float = SECONDS
) -> Iterator[tuple[str, str, list[Item], str]]:
    "For each cell of logic that ran: its code, its kind, the items drawn, and why there are none."
    space: dict[str, Any] = {"__name__": "__main__"}
    rng, done = random.Random(11), []
    signal.signal(signal.SIGALRM, _overdue)
    for i, source in enumerate(cells):
        try:
            cell = parse(source)
            tree = ast.parse(cell.code)
        except (CellError, SyntaxError):
            continue
        items, why = [], ""
        if cell.kind == "logic":
            try:
                _loaded(tree)
                before = dict(space)
                later = cells[i + 1 :]
                defines = any(isinstance(n, (ast.FunctionDef, ast.ClassDef)) for n in tree.body)
                pool = explore(
                    subject_of(cell, before, [] if not defines else later),
                    forks(before, 8),
                    rng,
                    most=32,
                    seconds=seconds,
                )
                items = draw(pool, rng, draws, kinds)
                why = "" if items else "nothing that cannot be guessed"
            except CannotAsk as e:
                why = e.what
        try:
            signal.alarm(60)
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                exec(compile(tree, "<cell>", "exec"), space)
        except (Exception, Overdue):
            if cell.kind == "logic":
                yield source, "failed", [], ""
            break
        finally:
            signal.alarm(0)
        done.append(source)
        yield source, cell.kind, items, why


def draw(
    pool: Pool, rng: random.Random, draws: int, kinds: Sequence[Kind] = (Counterfactual(), Predict())
) -> list[Item]:
    out: dict[str, Item] = {}
    for kind in kinds:
        for _ in range(draws):
            if item := kind.draw(pool, rng, set(out)):
                out[item.id] = item
    return list(out.values())


def wilson(hits: int, n: int) -> tuple[float, float]:
    "The 95 % interval of a share."
    if not n:
        return 0.0, 1.0
    z, p = 1.96, hits / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def coverage(scripts: list[Script], verbose: bool) -> int:
    logic, with_item, kinds, reasons, ran = 0, 0, Counter[str](), Counter[str](), 0
    start, bad = time.monotonic(), []
    for name, cells in scripts:
        rows = list(asked(cells, 1))
        ran += bool(rows)
        for source, kind, items, why in rows:
            if kind != "logic":
                continue
            logic += 1
            with_item += bool(items)
            kinds.update({i.kind for i in items})
            if not items:
                reasons[why] += 1
                bad.append((name, source, why))
    low, high = wilson(with_item, logic)
    print(
        f"{ran} scripts, {logic} logic cells that ran, {with_item} with an item: {with_item / max(logic, 1):.1%} (95 %: {low:.1%} to {high:.1%}); {time.monotonic() - start:.0f} s"
    )
    print(
        "cells that can be asked: "
        + ", ".join(f"{kind} {n} ({n / max(logic, 1):.1%})" for kind, n in kinds.most_common())
    )
    for why, n in reasons.most_common():
        print(f"  {n:3} without: {why}")
    for name, source, why in bad if verbose else ():
        print(f"--- {name}: {why}\n{source.strip()[:600]}")
    return 0 if with_item >= 0.9 * logic else 1


# --- attack


def attack(scripts: list[Script], wanted: int) -> int:
    items: list[attacker.Drawn] = []
    for name, cells in scripts:
        for _, _, drawn, _ in asked(cells, 3, [*(Counterfactual((way,)) for way in WAYS), Predict()]):
            items += [(name, i) for i in drawn]
        if len(items) >= wanted:
            break
    print(f"{len(items)} items of {len({n for n, _ in items})} scripts")
    free = [(n, i) for n, i in items if not i.options]
    rows = [
        ("counterfactual, a choice", [(n, i) for n, i in items if i.options], attacker.choices, 0.25),
        ("counterfactual, typed", [(n, i) for n, i in free if i.kind == "counterfactual" and not is_together(i.template)], attacker.typed, 0.0),
        ("counterfactual, three at once", [(n, i) for n, i in free if i.kind == "counterfactual" and is_together(i.template)], attacker.typed, 0.0),
        ("predict, typed", [(n, i) for n, i in free if i.kind == "predict"], attacker.typed, 0.0),
    ]  # fmt: skip
    bad = [
        ("known bad: made from the truth", attacker.tweaked(items, random.Random(2))[:400], attacker.choices, 0.25),
        ("known bad: told in the question", attacker.told(free)[:400], attacker.typed, 0.0),
    ]
    worst = 0
    for what, some, guess, chance in [*rows, *bad]:
        hits = sum(guess(some)) if some else 0
        low, high = wilson(hits, len(some))
        share, is_bad = hits / max(len(some), 1), what.startswith("known")
        wrong = share < chance + 0.3 if is_bad else share > chance + 0.1
        worst |= wrong
        note = ("  NOT SEEN THROUGH" if is_bad else "  TOO MUCH") if wrong else ""
        print(
            f"{what:32} {len(some):4} items: attacker {share:5.1%} (95 %: {low:.1%} to {high:.1%}), chance {chance:.0%}{note}"
        )
    return int(worst)


# --- explanations

BIRDS = """import pandas as pd
from importlib.resources import files
penguins = pd.read_csv(files("comprehend_nb") / "data" / "penguins.csv")
prices = [3, 8, 5, 12]"""
CODE = {
    "complete": "complete = penguins.dropna()",
    "mass": "mass = penguins.groupby('species')['body_mass_g'].mean() / 1000",
    "dear": "dear = [p for p in prices if p > 5]\nmost = max(dear)",
    "heavy": "def heavy(birds, grams):\n    return birds[birds['body_mass_g'] > grams]",
    "count": "kinds = {}\nfor kind in penguins['species']:\n    kinds[kind] = kinds.get(kind, 0) + 1",
}
RATIONALE = {
    "complete": "Keep only the rows that have no missing value, because the comparison needs every measurement of each bird",
    "mass": "Average the body mass of each species and convert it to kilograms so that the report can compare them",
}
GOOD = [
    (
        "complete",
        "keeps birds with every measurement",
        "gaps would skew the sexes",
        "all gaps in one species: silent bias",
    ),
    ("complete", "333 rows stay, 11 go", "few enough to lose", "a typed 9999 counts as known"),
    (
        "complete",
        "leaves penguins unchanged, a smaller copy beside it",
        "need both later",
        "empty table when one column is all gaps",
    ),
    ("mass", "average weight per kind in kilograms", "report wants kg", "unweighed birds skipped silently"),
    ("mass", "typical kilos of Adelie, Chinstrap, Gentoo", "compare kinds", "a renamed column raises KeyError"),
    ("mass", "three averages, one a kind", "kg reads easier than grams", "other units give nonsense"),
    ("dear", "amounts above five, and the top one", "cheap parcels need no seal", "an empty list raises ValueError"),
    ("dear", "2 items above five; the biggest", "only those get insured", "text among numbers raises TypeError"),
    ("dear", "filters cheap ones out, then finds the peak", "sealing costs money", "nothing above five: ValueError"),
    ("heavy", "birds over a threshold weight", "divers are big", "unknown weights drop out silently"),
    (
        "heavy",
        "selects rows above a limit, returns a DataFrame",
        "limit varies by survey",
        "a missing column raises KeyError",
    ),
    ("heavy", "table of those above some weight", "used in two reports", "kilograms passed in: nearly every bird"),
    ("count", "tally of birds per species", "check the sample is balanced", "spelling variants counted apart"),
    ("count", "how many of each kind", "small groups mislead", "missing species becomes a key of its own"),
    ("count", "frequencies, 3 entries", "no pandas needed downstream", "huge tables: slow loop"),
    ("complete", "drops birds lacking anything", "models cannot take gaps", "a frame without rows stays empty"),
    ("mass", "mean kilos by group", "sexes weigh differently, kinds more", "one giant pulls it up"),
    ("dear", "expensive ones and the most expensive", "threshold from the insurer", "an empty list ends in ValueError"),
    ("heavy", "narrows a flock down by weight", "outliers need a look", "text instead of grams raises TypeError"),
    ("count", "birds counted kind by kind", "sanity check before averaging", "new species appear unannounced"),
]
BAD: list[tuple[str, str, str, str, str]] = [
    ("empty", "complete", "", "", ""),
    ("empty", "dear", "  ", "-", "..."),
    ("empty", "mass", "keeps things tidy", "", ""),
    ("filler", "complete", "it works", "because", "never"),
    ("filler", "mass", "does the thing", "needed", "should not fail"),
    ("filler", "dear", "asdf qwerty", "todo", "n/a"),
    ("filler", "heavy", "see above", "obvious", "none"),
    ("filler", "count", "good code good code good code", "good code good code", "good code good code"),
    ("copied code", "complete", "complete = penguins.dropna()", "penguins dropna complete", "dropna on penguins"),
    ("copied code", "dear", "dear = [p for p in prices if p > 5]", "most = max(dear)", "p > 5 in prices"),
    (
        "copied code",
        "mass",
        "mass is penguins groupby species body mass g mean divided by 1000",
        "groupby species mean",
        "body mass g / 1000",
    ),
    ("copied code", "heavy", "returns birds where birds body mass g greater grams", "birds grams", "body mass g grams"),
    (
        "copied rationale",
        "complete",
        RATIONALE["complete"],
        "the comparison needs every measurement of each bird",
        "because the comparison needs every measurement",
    ),
    (
        "copied rationale",
        "complete",
        "keep only the rows that have no missing value",
        "the comparison needs every measurement of each bird",
        "odd units go unnoticed",
    ),
    (
        "copied rationale",
        "mass",
        "average the body mass of each species and convert it to kilograms",
        "so that the report can compare them",
        "odd units go unnoticed",
    ),
    (
        "another cell's",
        "mass",
        "amounts above five, and the top one",
        "cheap parcels need no seal",
        "an empty list raises ValueError",
    ),
    (
        "another cell's",
        "count",
        "keeps birds with every measurement",
        "gaps would skew the sexes",
        "all gaps in one species: silent bias",
    ),
    (
        "another cell's",
        "dear",
        "average weight per kind in kilograms",
        "report wants kg",
        "unweighed birds skipped silently",
    ),
    (
        "refuted",
        "complete",
        "300 rows stay, the others lack something",
        "gaps would skew the sexes",
        "all gaps in one species: silent bias",
    ),
    (
        "refuted",
        "complete",
        "drops 50 rows that lack something",
        "gaps would skew the sexes",
        "all gaps in one species: silent bias",
    ),
    (
        "refuted",
        "mass",
        "average weight per kind in kilograms",
        "report wants kg",
        "a renamed column raises ValueError",
    ),
    (
        "refuted",
        "mass",
        "average weight, 7 entries in kilograms",
        "report wants kg",
        "unweighed birds skipped silently",
    ),
    (
        "refuted",
        "dear",
        "amounts above five, 3 items, and the top one",
        "cheap parcels need no seal",
        "text among numbers is trouble",
    ),
    (
        "refuted",
        "dear",
        "amounts above five, and the top one",
        "cheap parcels need no seal",
        "an empty list raises KeyError",
    ),
    (
        "refuted",
        "heavy",
        "returns a list of birds over a threshold",
        "divers are big",
        "unknown weights drop out silently",
    ),
    ("refuted", "heavy", "birds over a threshold weight", "divers are big", "a missing column raises TypeError"),
    (
        "refuted",
        "count",
        "tally of birds per species, 5 entries",
        "check the sample is balanced",
        "spelling variants counted apart",
    ),
]


def explanations() -> int:
    "Known-good terse explanations and known-bad ones, judged by words and by running the cell."
    from comprehend_nb.checks.truth import has_claims, refuted
    from comprehend_nb.explanation import judge, skeleton

    space: dict[str, Any] = {}
    exec(BIRDS, space)
    cells = {name: parse(code) for name, code in CODE.items()}

    def verdict(name: str, *said: str, others: bool = False) -> list[str]:
        parts, cell = dict(zip(("what", "why", "fails"), said, strict=True)), cells[name]
        known = (
            [
                (dict(zip(("what", "why", "fails"), g[1:], strict=True)), skeleton(CODE[g[0]]))
                for g in GOOD
                if g[0] != name
            ]
            if others
            else []
        )
        reasons = judge(parts, cell, rationale=RATIONALE.get(name, ""), others=known)
        later = ["heavy(penguins, 5000)"] if name == "heavy" else []
        return reasons or (
            refuted(parts, cell, subject_of(cell, space, later), forks(space)) if has_claims(parts) else []
        )

    good = [(g, verdict(*g)) for g in GOOD]
    bad = [(b, verdict(*b[1:], others=True)) for b in BAD]
    accepted, by_kind = sum(not r for _, r in good), Counter(b[0] for b, _ in bad)
    refused = Counter(b[0] for b, r in bad if r)
    print(
        f"known-good, terse: {accepted} of {len(good)} accepted (95 %: {wilson(accepted, len(good))[0]:.0%} to {wilson(accepted, len(good))[1]:.0%})"
    )
    print(
        f"known-bad: {sum(refused.values())} of {len(bad)} refused: "
        + ", ".join(f"{k} {refused[k]} of {n}" for k, n in by_kind.items())
    )
    for said, reasons in [(g, r) for g, r in good if r]:
        print("refused, and should not be:", said, reasons)
    for b, reasons in bad:
        if not reasons:
            print("accepted, and should not be:", b)
    return 0 if accepted >= 0.95 * len(good) and refused.total() == len(bad) else 1


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=["coverage", "attack", "explanations"])
    arguments.add_argument("--scripts", type=Path)
    arguments.add_argument("--most", type=int, default=60)
    arguments.add_argument("--items", type=int, default=600)
    arguments.add_argument("-v", action="store_true")
    given = arguments.parse_args()
    warnings.simplefilter("ignore")
    if given.what == "explanations":
        return explanations()
    scripts = (
        percent(given.scripts.absolute(), given.most)
        if given.scripts
        else documented(["sklearn", "pandas", "numpy", "scipy", "statsmodels", "collections", "statistics"], given.most)
    )
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):  # examples write files where they run
        return coverage(scripts, given.v) if given.what == "coverage" else attack(scripts, given.items)


if __name__ == "__main__":
    raise SystemExit(main())
