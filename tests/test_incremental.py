"Whatever happens to a project between exports, ours leave what nbdev's own export of the whole leaves, byte for byte."

import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from export_support import ASKS_NOTHING, Lab, environ

from comprehend_nb.export import ExportError, export, run

NBDEV = """
import os, sys
from nbdev import doclinks
for line in sys.stdin:
    os.chdir(line.strip())
    try:
        doclinks.nbdev_export.__wrapped__(path=None)
        print("done", flush=True)
    except Exception as e:
        print(f"{type(e).__name__}: {e}".splitlines()[0], flush=True)
"""


@pytest.fixture(scope="module")
def nbdev():
    "nbdev, imported once: a function that exports the project in a folder."
    child = subprocess.Popen(
        [sys.executable, "-c", NBDEV], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ(), cwd="/"
    )

    def export_all(root):
        child.stdin.write(f"{root}\n")
        child.stdin.flush()
        assert child.stdout.readline() == "done\n"

    yield export_all
    child.kill()
    child.wait()


SOURCES = [
    "#| export\nRATE = {n}",
    "#| export\ndef f{n}(x, y={n}):\n    return x + y",
    "#| exporti\n_hidden{n} = {n}",
    "#| exporti\ndef quiet{n}(): pass",
    "#| export\nclass C{n}:\n    def m(self): return {n}\n    def k{n}(self): return 1",
    "x = {n}",
    "#| export\nfrom shop.m0 import *",
    "#| export\nfrom shop.m1 import RATE as r{n}",
    "#| export\nfrom __future__ import annotations",
    "#| export\n_all_ = ['_hidden{n}']",
    "#| export\na{n}, b = c = 1, {n}",
    "#| export\n# {n}",
    "#| export\n\n",
    "#| export\nfrom fastcore.basics import patch",
    "#| export\n@patch\ndef added{n}(self: dict): return {n}",
    "#| export m0\ndef into{n}(): pass",
    "#| exportd\nf{n}(1)",
    "#| export\ntext = '''a\n    \\\\ # %% b\n'''",
    "#| hide\n#|exports\ndef shown{n}(): pass",
    "#| export\nlong_{n} = very_long_{n} = another_quite_long_name_{n} = 1",
]
TITLES = [
    "# m\n\n> Words {n}.",
    "# m\n\n> Words \\\\ {n}.\n> More.",
    "# m",
    "Nothing here",
    "# m\n\n> Words.\n\n- key: value",
]


class Pair:
    "The same project twice: one is exported by us, the other by nbdev."

    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        self.ours, self.theirs = Lab(Path(folder, "a"), ASKS_NOTHING), Lab(Path(folder, "b"), ASKS_NOTHING)
        self.nbs, self.count, self.said = {}, 0, []
        for i in range(3):
            self.nbs[f"0{i}_m{i}.ipynb"] = [
                self.markdown("# m\n\n> Words."),
                self.code(f"#| default_exp m{i}"),
                self.code("#| export\nRATE = 1"),
                self.code("#| export\ndef f(): pass"),
            ]
        self.save()

    def code(self, source):
        self.count += 1
        return {
            "cell_type": "code",
            "id": f"c{self.count}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source.replace("{n}", str(self.count)),
        }

    def markdown(self, source):
        self.count += 1
        return {
            "cell_type": "markdown",
            "id": f"c{self.count}",
            "metadata": {},
            "source": source.replace("{n}", str(self.count)),
        }

    def save(self):
        for lab in (self.ours, self.theirs):
            for old in (lab.root / "nbs").glob("*.ipynb"):
                if old.name not in self.nbs:
                    old.unlink()
            for name, cells in self.nbs.items():
                text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}, indent=1)
                if not (lab.root / "nbs" / name).exists() or (lab.root / "nbs" / name).read_text() != text:
                    (lab.root / "nbs" / name).write_text(text)

    def change(self):
        r = self.random
        name = r.choice(sorted(self.nbs))
        cells, at = self.nbs[name], r.randrange(2, len(self.nbs[name]) + 1)
        what = r.choices(
            ["add", "edit", "remove", "swap", "title", "words", "rename", "delete", "new", "settings"],
            [12, 12, 4, 2, 2, 2, 1, 1, 1, 1],
        )[0]
        self.said.append((what, name))
        if what == "add":
            cells.insert(at, self.code(r.choice(SOURCES)))
        elif what == "edit" and at < len(cells):
            cells[at] = self.code(r.choice(SOURCES)) | {"id": cells[at]["id"]}
        elif what == "remove" and len(cells) > 3:
            del cells[min(at, len(cells) - 1)]
        elif what == "swap" and at + 1 < len(cells):
            cells[at], cells[at + 1] = cells[at + 1], cells[at]
        elif what == "title":
            cells[0] = self.markdown(r.choice(TITLES))
        elif what == "words":
            cells.insert(at, self.markdown("#| export\nWords {n} for the module."))
        elif what == "rename":
            self.nbs[f"{r.randrange(10, 90)}_{name.partition('_')[2]}"] = self.nbs.pop(name)
        elif what == "delete" and len(self.nbs) > 2 and "m0" not in name:
            del self.nbs[name]
        elif what == "new":
            self.count += 1
            self.nbs[f"5{self.count % 10}_n{self.count}.ipynb"] = [
                self.markdown("# n"),
                self.code(f"#| default_exp {r.choice(['', 'sub.'])}n{self.count}"),
                self.code(r.choice(SOURCES)),
            ]
        elif what == "settings":
            for lab in (self.ours, self.theirs):
                head = [
                    line
                    for line in lab.text("pyproject.toml").splitlines()
                    if not line.startswith(("description", "put_version"))
                ]
                said = [f'description = "Shop {self.count}."'] if self.count % 3 else []
                more = ["put_version_in_init = false"] if self.count % 2 else []
                (lab.root / "pyproject.toml").write_text("\n".join([*head[:2], *said, *head[2:], *more]) + "\n")


def outcome(pair, nbdev):
    "Both exports, and whether the same lies there then; what is refused by us is taken back in both."
    try:
        export(pair.ours.project, overwrite=True)
    except ExportError as e:
        return str(e)
    nbdev(pair.theirs.root)
    mine, wanted = pair.ours.files(), pair.theirs.files()
    odd = [n for n in sorted(mine.keys() | wanted.keys()) if mine.get(n) != wanted.get(n)]
    assert not odd, (odd, pair.said, mine.get(odd[0], b"").decode(), wanted.get(odd[0], b"").decode())
    return ""


def walk(seed, steps, nbdev, monkeypatch):
    "A random life of a project; returns how many exports did without nbdev."
    quick = []
    real = run._quickly
    monkeypatch.setattr(run, "_quickly", lambda *a: quick.append(done := real(*a)) or done)
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(folder, seed)
        assert outcome(pair, nbdev) == ""
        for _ in range(steps):
            before = json.dumps(pair.nbs)
            for _ in range(pair.random.choice([1, 1, 1, 2, 3])):
                pair.change()
            pair.save()
            if outcome(pair, nbdev):
                pair.nbs = json.loads(before)
                pair.save()
                outcome(pair, nbdev)
    return sum(quick)


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_a_life_of_edits(nbdev, monkeypatch):
    assert sum(walk(seed, 12, nbdev, monkeypatch) for seed in (1, 2)) >= 4


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [*range(10, 14), *(pytest.param(s, marks=pytest.mark.sweep) for s in range(14, 20))])
def test_many_lives_of_edits(seed, nbdev, monkeypatch):
    assert walk(seed, 40, nbdev, monkeypatch) >= 5


def test_a_known_bad_is_told(nbdev, monkeypatch):
    "The same walk finds a writer that is wrong."
    from comprehend_nb.export import quick

    real = quick.module_text
    monkeypatch.setattr(
        quick,
        "module_text",
        lambda module, *a: real(module, *a).replace("1", "2") if len(module.blocks) > 2 else real(module, *a),
    )
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ExportError):
        pair = Pair(folder, 0)
        outcome(pair, nbdev)
        pair.nbs["00_m0.ipynb"].append(pair.code("#| export\nx = 111"))
        pair.save()
        with pytest.raises(AssertionError):
            outcome(pair, nbdev)
        shutil.rmtree(pair.ours.root / ".comprehend/local")
        outcome(pair, nbdev)
