"Real nbdev projects in real git repositories, made for one test."

import ast
import base64
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

from comprehend_nb.export.checking import gather
from comprehend_nb.ledger.identity import Person, slug
from comprehend_nb.ledger import Ledger
from comprehend_nb.notebooks import Project

ADA, BOB = (
    Person(slug(mail, name), name, mail, "given")
    for name, mail in (("Ada Lovelace", "ada@example.org"), ("Bob", "bob@example.org"))
)
ASKS_NOTHING = "ai = none\nother = none\nglue = none\n"
SAID = {
    "what": "adds the tax at the rate of the shop to a net sum",
    "why": "prices on the shelf are gross, so the till must not add anything",
    "fails": "text instead of a number raises TypeError; a negative rate is not noticed",
}


def environ():
    "The environment of a person's shell: no test of nbdev's is running in it, and nbdev's commands are found."
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {k: v for k, v in os.environ.items() if k != "IN_TEST"} | {"PATH": path}


def notebook(cells, **more):
    "A notebook as text: cells are sources, (id, source), or whole dicts."
    made = []
    for i, cell in enumerate(cells):
        if isinstance(cell, dict):
            made.append(cell)
            continue
        cell_id, source = cell if isinstance(cell, tuple) else (f"c{i}", cell)
        if source.startswith("# "):
            made.append({"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source})
        else:
            made.append(
                {
                    "cell_type": "code",
                    "id": cell_id,
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": source,
                }
            )
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made} | more, indent=1)


def other_words(path, old, new):
    "Change words in a library's file of explanations, compressed or not; it is plain text afterwards."
    data = ast.literal_eval(ast.parse(path.read_text()).body[0].value)
    text = repr(json.loads(zlib.decompress(base64.b85decode(data))) if isinstance(data, str) else data)
    assert old in text
    path.write_text(f"d = {text.replace(old, new)}\n")


class Lab:
    "A project on disk, and the things people do to it."

    def __init__(self, root: Path, policy: str = "", toml: str = "") -> None:
        self.root = root
        (root / "nbs").mkdir(parents=True)
        (root / "pyproject.toml").write_text(
            f'[project]\nname = "shop"\nversion = "0.1"\n[tool.nbdev]\nupdate_pyproject = false\n{toml}'
        )
        self.policy(policy)
        self.git("init", "-q", "-b", "main")

    def policy(self, text):
        (self.root / "settings.ini").write_text(f"[comprehend_nb]\n{text}")

    def write(self, name, *cells, **more):
        (self.root / "nbs" / f"{name}.ipynb").write_text(notebook(cells, **more))

    def sample(self):
        "Two modules: prices, and a till that imports from them."
        self.write(
            "00_core",
            "# core\n\n> Prices.",
            "#| default_exp core",
            "#| export\nRATE = 7",
            "#| export\ndef gross(net):\n    return net * (1 + RATE / 100)",
            "assert gross(100) == 107",
        )
        self.write(
            "01_till",
            "# till\n\n> The till.",
            "#| default_exp till",
            "#| export\nfrom shop.core import gross",
            "#| export\ndef total(nets):\n    return sum(map(gross, nets))",
            "#| exporti\n_paid = []",
        )
        return self

    def git(self, *args, who=ADA):
        return subprocess.run(
            ["git", "-c", f"user.name={who.name}", "-c", f"user.email={who.email}", *args],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def commit(self, message="work"):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def nbdev(self, command, *args):
        "Run one of nbdev's own commands, as a person would."
        return subprocess.run(
            [str(Path(sys.executable).parent / command), *args],
            cwd=self.root,
            env=environ(),
            capture_output=True,
            text=True,
        )

    @property
    def project(self):
        return Project.at(self.root)

    def text(self, name):
        return (self.root / name).read_text()

    def edit(self, name, old, new):
        text = self.text(name)
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    def record(self, *kinds, only=None, person=ADA, **data):
        "Write records for exported cells (those that bind a name in `only`), with their closures."
        project = self.project
        found = gather(project)
        with Ledger(self.root, person) as ledger:
            for n in found.notebooks:
                for own in n.exported:
                    if own.cell and (only is None or set(only) & set(own.cell.symbols)):
                        closure = found.resolver.scope(n).closure(own.cell)
                        for kind in kinds:
                            words = (
                                {
                                    k: f"{v} in {' and '.join(own.cell.symbols) or 'imports'}, form {own.cell.fingerprint[4:10]}"
                                    for k, v in SAID.items()
                                }
                                if kind == "explained"
                                else {}
                            )
                            ledger.append(
                                kind,
                                own.cell.fingerprint,
                                closure.digest,
                                parts=dict(closure.parts),
                                symbols=list(own.cell.symbols),
                                **words,
                                **data,
                            )
        return self

    def understand(self, only=None, **data):
        return self.record("executed", "explained", only=only, **data)

    def files(self):
        "Everything in the project but git, our own folder and caches."
        return {
            p.relative_to(self.root).as_posix(): p.read_bytes()
            for p in sorted(self.root.rglob("*"))
            if p.is_file() and not {".git", ".comprehend", "__pycache__"} & set(p.relative_to(self.root).parts)
        }
