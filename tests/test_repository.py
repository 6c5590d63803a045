"""What holds of the repository as a whole: settings that agree, floors, notebooks and the modules made of them, a light import."""

from __future__ import annotations

import ast
import configparser
import functools
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import comprehend_nb
from comprehend_nb import __version__

ROOT = Path(__file__).parents[1]
LIB = ROOT / "comprehend_nb"
NBS = ROOT / "nbs"
LONGEST = 600
BY_HAND = {
    "_modidx.py",
    "__main__.py",
}  # an index that nbdev writes, two lines that start the command; and every __init__.py
HEAVY = {
    "anthropic",
    "pandas",
    "numpy",
    "nbdev",
    "fastcore",
    "execnb",
    "IPython",
    "rich",
    "jupyter_client",
    "nbformat",
    "httpx",
    "pydantic",
}


@dataclass(frozen=True)
class Notebook:
    "One notebook of nbs/: its place there, its cells as (type, id, source), and the module it becomes, if any."

    place: str
    cells: tuple[tuple[str, str, str], ...]

    @property
    def floor(self) -> int:
        return int(self.place[0])

    @property
    def code(self) -> list[str]:
        return [source for kind, _, source in self.cells if kind == "code"]

    @functools.cached_property
    def module(self) -> str | None:
        found = [m[1] for source in self.code if (m := re.search(r"^#\|\s*default_exp\s+(\S+)", source, re.M))]
        assert len(found) <= 1, f"{self.place} names two modules"
        return found[0] if found else None


def read(path: Path, root: Path = NBS) -> Notebook:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return Notebook(
        path.relative_to(root).as_posix(), tuple((c["cell_type"], c["id"], "".join(c["source"])) for c in cells)
    )


NOTEBOOKS = [
    read(p)
    for p in sorted(NBS.rglob("*.ipynb"))
    if not any(part.startswith((".", "_")) for part in p.relative_to(NBS).parts)
]
MODULES = sorted(p for p in LIB.rglob("*.py") if p.name not in BY_HAND and p.name != "__init__.py")
each = pytest.mark.parametrize("nb", NOTEBOOKS, ids=lambda nb: nb.place)


# --- settings

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_settings_ini_agrees_with_pyproject() -> None:
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(ROOT / "settings.ini", encoding="utf-8")
    stated, project, nbdev = ini["DEFAULT"], PYPROJECT["project"], PYPROJECT["tool"]["nbdev"]
    assert {k: stated[k] for k in ("lib_name", "lib_path", "nbs_path")} == {
        k: nbdev[k] for k in ("lib_name", "lib_path", "nbs_path")
    }
    assert stated["description"] == project["description"]
    assert project["requires-python"] == f">={stated['min_python']}"
    assert PYPROJECT["tool"]["mypy"]["python_version"] == stated["min_python"]
    assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py{stated['min_python'].replace('.', '')}"
    assert stated["license"] == "apache2" and project["license"] == "Apache-2.0"
    assert stated["author"] == project["authors"][0]["name"]
    assert stated["version"] == __version__


def test_the_readme_holds_both_commands_that_people_and_ci_run() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("python3 -m venv ")]
    assert len(lines) == 2 and lines[0].endswith("comprehend-nb demo") and lines[1].endswith("-m pytest")
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_what_is_shipped_beside_the_modules_is_there() -> None:
    for name in ("prompts/system.md", "models/prices.toml", "data/penguins.csv", "data/README.md"):
        assert (LIB / name).is_file(), name


# --- floors

Homes = Mapping[str, str]  # module, or folder of modules -> the notebook, or folder of notebooks, that it comes from


def homes(notebooks: list[Notebook]) -> Homes:
    "Where each module comes from; the hand-written `__init__` of a folder of modules belongs to the folder."
    out = {}
    for nb in notebooks:
        if nb.module:
            out[nb.module] = nb.place
            if "." in nb.module and "/" in nb.place:
                out.setdefault(nb.module.rpartition(".")[0], nb.place.rpartition("/")[0])
    return out


def imported(source: str) -> Iterator[str]:
    "Every project module that one cell names in an import, without the package's own name; names after it may be attributes."
    plain = "\n".join(line for line in source.splitlines() if not re.match(r"\s*[%!]", line))
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        assert source.lstrip().startswith("%%"), source
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"a relative import means something else in each file: {source}"
            names = [f"{node.module}.{a.name}" for a in node.names]
        else:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        yield from (n.removeprefix("comprehend_nb.") for n in names if n.startswith("comprehend_nb."))


def home(name: str, known: Homes) -> str | None:
    while name not in known and "." in name:
        name = name.rpartition(".")[0]
    return known.get(name)


def uses(nb: Notebook, known: Homes) -> set[str]:
    return {place for source in nb.code for name in imported(source) if (place := home(name, known))} - {nb.place}


def climbs(notebooks: list[Notebook]) -> list[str]:
    "Each import of a higher floor, as `notebook imports from notebook`."
    known = homes(notebooks)
    return [
        f"{nb.place} imports from {place}"
        for nb in notebooks
        for place in sorted(uses(nb, known))
        if int(place[0]) > nb.floor
    ]


def circle(notebooks: list[Notebook]) -> list[str]:
    "Notebooks of one floor, but not of one room, that import each other in a circle; [] where there is none."
    known = homes(notebooks)
    graph = {
        nb.place: {
            u for u in uses(nb, known) if u[0] == nb.place[0] and (u.endswith(".ipynb") or u[:2] != nb.place[:2])
        }
        for nb in notebooks
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as e:
        places = e.args[1]
        return places if len({p[:2] for p in places}) > 1 else []
    return []


def made(place: str, *sources: str) -> Notebook:
    return Notebook(place, tuple(("code", str(i), s) for i, s in enumerate(sources)))


def test_no_notebook_imports_from_a_higher_floor() -> None:
    assert climbs(NOTEBOOKS) == []


def test_rooms_of_one_floor_do_not_import_each_other_in_a_circle() -> None:
    assert circle(NOTEBOOKS) == []


def test_an_import_of_a_higher_floor_is_seen_wherever_it_stands() -> None:
    low = made("01_low.ipynb", "#| default_exp low", "def f():\n    from comprehend_nb.high import g\n    return g")
    high = made("10_high.ipynb", "#| default_exp high", "#| export\nfrom comprehend_nb.low import f")
    assert climbs([low, high]) == ["01_low.ipynb imports from 10_high.ipynb"]
    assert climbs([high, made("01_low.ipynb", "#| default_exp low")]) == []
    folder = made("21_models/00_a.ipynb", "#| default_exp models.a")
    assert climbs([made("11_b.ipynb", "#| default_exp b", "import comprehend_nb.models"), folder]) == [
        "11_b.ipynb imports from 21_models"
    ]
    assert climbs([made("11_b.ipynb", "#| default_exp b", "%time 1\nfrom comprehend_nb import models"), folder]) != []


def strays(notebooks: list[Notebook]) -> list[str]:
    "Each import of ours that leads to no module: the type checker is silent about those."
    known, public = homes(notebooks), set(comprehend_nb.__all__)
    return [
        f"{nb.place} imports {name}"
        for nb in notebooks
        for source in nb.code
        for name in imported(source)
        if name.partition(".")[0] not in public and home(name, known) is None
    ]


def test_every_import_of_ours_names_a_room() -> None:
    assert [s for s in strays(NOTEBOOKS) if not s.endswith(" __version__")] == []
    assert strays([made("01_a.ipynb", "#| default_exp a", "def f():\n    from comprehend_nb.gone import g")]) == [
        "01_a.ipynb imports gone.g"
    ]


def test_a_circle_within_a_floor_is_seen() -> None:
    a = made("40_a.ipynb", "#| default_exp a", "from comprehend_nb.b import x")
    b = made("41_b.ipynb", "#| default_exp b", "from comprehend_nb.a import y")
    assert set(circle([a, b])) == {"40_a.ipynb", "41_b.ipynb"}
    assert circle([a, made("41_b.ipynb", "#| default_exp b")]) == []


# --- notebooks and modules


@each
def test_a_notebook_says_what_it_is(nb: Notebook) -> None:
    kind, _, source = nb.cells[0]
    lines = [line for line in source.splitlines() if line.strip()]
    assert kind == "markdown" and lines[0].startswith("# ") and lines[1].startswith("> ")


@each
def test_a_notebook_has_no_id_twice(nb: Notebook) -> None:
    assert [i for i, n in Counter(i for _, i, _ in nb.cells).items() if n > 1] == []


def test_each_module_has_one_notebook() -> None:
    owners = Counter(nb.module for nb in NOTEBOOKS if nb.module)
    assert [m for m, n in owners.items() if n > 1] == []
    assert {p.relative_to(LIB).with_suffix("").as_posix().replace("/", ".") for p in MODULES} == set(owners)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(LIB).as_posix())
def test_a_module_is_made_from_its_notebook_and_short(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    source = next(
        (m[1] for line in lines[:8] if (m := re.match(r"# AUTOGENERATED! DO NOT EDIT! File to edit: (.*)\.$", line))),
        None,
    )
    assert source, "not generated"
    assert (path.parent / source).resolve().is_file() or (LIB / source).resolve().is_file(), f"{source} is gone"
    assert len(lines) <= LONGEST


# --- a light import


def test_importing_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, time; before = set(sys.modules); start = time.process_time(); import comprehend_nb; "
        "print(time.process_time() - start); print(*sorted({m.partition('.')[0] for m in set(sys.modules) - before}))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    assert float(out[0]) < 0.15
    assert HEAVY & set(out[1].split()) == set()
