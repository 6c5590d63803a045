"What people said is carried in the library, found without importing it, and known to be true or not."

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from export_support import BOB, Lab, environ

from comprehend_nb.explained import Entry, NotExplained, carried, explain, file_text, read_file
from comprehend_nb.export import export


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path / "a").sample()
    lab.write(
        "02_till",
        "# more\n\n> More.",
        "#| default_exp box",
        "#| export\nfrom fastcore.basics import patch",
        "#| export\nclass Box:\n    def __init__(self, n): self.n = n\n    @property\n    def size(self): return self.n",
        "#| export\n@patch\ndef double(self: Box): return Box(self.n * 2)",
    )
    lab.understand()
    export(lab.project)
    return lab


def in_library(lab, code):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=lab.root,
        env=environ() | {"PYTHONPATH": f"{lab.root}:{Path(__file__).parents[1]}"},
        capture_output=True,
        text=True,
    )


def test_an_exported_function_explains_itself(lab):
    done = in_library(
        lab,
        """
import sys
from shop.till import total
from shop.box import Box
from shop.core import gross
assert not [m for m in sys.modules if m.startswith("comprehend_nb")], "the library imports us"
from comprehend_nb.explained import explain
for asked in (gross, total, Box, Box(1).double, Box.double, Box.size, Box.__init__, "shop.core.gross", "shop.gross", "shop.core.RATE", "shop.box.Box.double"):
    said = explain(asked)
    assert said.what and said.why and said.fails and said.by == ("Ada Lovelace",) and said.at and said.still_true, asked
assert explain(Box.double).name == "shop.box.Box.double" and explain(Box.size).name == "shop.box.Box" and explain(Box(1)).name == "shop.box.Box"
ours = sorted(m for m in sys.modules if m.startswith("comprehend_nb"))
assert ours == ["comprehend_nb", "comprehend_nb.errors", "comprehend_nb.explained"], ours
print(explain(gross))
""",
    )
    assert done.returncode == 0, done.stderr
    assert "what:" in done.stdout and "explained by Ada Lovelace on 20" in done.stdout and "still true" in done.stdout


def test_a_changed_installation_says_that_it_is_no_longer_true(lab, monkeypatch):
    monkeypatch.syspath_prepend(str(lab.root))
    lab.edit("shop/core.py", "return net * (1 + RATE / 100)", "# gross\n    return net*(1+RATE/100)")
    assert explain("shop.core.gross").still_true is True and "layout" in str(explain("shop.core.gross"))
    lab.edit("shop/core.py", "RATE/100", "RATE/90")
    assert explain("shop.core.gross").still_true is False and "was changed" in str(explain("shop.core.gross"))
    assert explain("shop.core.RATE").still_true is True
    (lab.root / "shop/core.py").unlink()
    assert explain("shop.core.gross").still_true is None


@pytest.mark.parametrize("asked", ["shop.core.nothing", "shop", "gross", "", "nowhere.at.all", print, 7, lambda: 1])
def test_what_is_not_known_says_what_is(lab, monkeypatch, asked):
    monkeypatch.syspath_prepend(str(lab.root))
    with pytest.raises(NotExplained) as caught:
        explain(asked)
    assert caught.value.remedy
    if asked == "shop.core.nothing":
        assert "shop." in caught.value.remedy


def test_a_name_nearly_right_is_offered(lab, monkeypatch):
    monkeypatch.syspath_prepend(str(lab.root))
    with pytest.raises(NotExplained, match=r"shop\.core\.gross"):
        explain("shop.core.GROS")


def test_nothing_is_written_where_nothing_is_explained(tmp_path):
    lab = Lab(tmp_path / "a", "ai = none\nother = none\nglue = none\n").sample()
    export(lab.project)
    assert not (lab.root / "shop/_explained.py").exists()


def test_what_had_no_room_is_answered_in_the_project_and_nowhere_else(lab, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(lab.root))
    (lab.root / "shop/_explained.py").unlink()
    lab.record("explained", only=["gross"], person=BOB)
    for name in ("shop.core.gross", "shop.gross", "shop.box.Box.double", "shop.box.Box.size", "shop.core.RATE"):
        found = explain(name)
        assert found.what and found.why and found.fails and found.still_true and "ledger" in found.note, name
    assert explain("shop.gross").by == ("Ada Lovelace", "Bob") and explain("shop.gross").name == "shop.core.gross"
    with pytest.raises(NotExplained):
        carried("shop.core.gross")
    lab.edit("shop/core.py", "RATE / 100", "RATE / 90")
    with pytest.raises(NotExplained):
        explain("shop.core.gross")
    shutil.copytree(lab.root / "shop", tmp_path / "a/env/site-packages/shed")
    monkeypatch.syspath_prepend(str(tmp_path / "a/env/site-packages"))
    assert explain("shop.till.total").still_true
    with pytest.raises(NotExplained):
        explain("shed.till.total")


def test_a_hostile_file_is_data(lab, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(lab.root))
    shutil.rmtree(lab.root / ".comprehend/ledger")
    for text in (
        "d = __import__('os').system('touch pwned')",
        "import os; os.system('touch pwned')",
        "d = {'format': 2}",
        "d = {'format': 2, 'people': [], 'said': {'shop.core': [['gross', '', '', '', [0], '', '']]}}",
        "d = {'format': 2, 'people': [], 'said': {'shop.core': [1]}}",
        "d = {'format': 2, 'people': [], 'said': {'shop.core': 1}}",
        "d = " + "[" * 10000,
        "d = 'x'",
        "\x00",
    ):
        (lab.root / "shop/_explained.py").write_text(text)
        with pytest.raises(NotExplained):
            explain("shop.core.gross")
    assert not list(tmp_path.rglob("pwned")) and not Path("pwned").exists()


def entries_of(functions, words):
    return [
        Entry(
            f"lib.m{i // 8}",
            (f"f{i}",),
            f"def f{i}(x):\n    return x + {i}\n",
            f"fp1:{i * 2654435761 % 2**64:032x}",
            f"{words[0]} {i}",
            words[1],
            words[2],
            ("Ada",),
            "2026-11-20T10:00:00Z",
        )
        for i in range(functions)
    ]


TERSE = ("adds to a net sum the tax of", "prices on the shelf are gross", "text raises TypeError")


@pytest.mark.parametrize(
    "words",
    [
        TERSE,
        ("\u52a0\u7a0e",) * 3,
        (
            "sums what it is given, which is a number " * 4,
            "the till asked for it " * 4,
            "anything but a number raises TypeError " * 4,
        ),
    ],
)
def test_it_stays_within_five_per_cent_from_20_kilobytes_of_library_on(words):
    "A function is some 600 bytes of a library. Below 20 kB a file of 1 kB is the exception, and no larger one."
    for size in (1_000, 5_000, 20_480, 80_000, 300_000, 4_000_000):
        functions = max(size // 600, 2)
        text = file_text(entries_of(functions, words), size)
        assert len(text.encode()) <= max(size * 0.05, 1024)
        data = read_file(text)
        assert len(data["said"]) + data["left_out"] == functions and data["said"]


def test_a_small_library_carries_terse_explanations_whole():
    assert read_file(file_text(entries_of(8, TERSE), 5_000))["left_out"] == 0
    assert read_file(file_text(entries_of(100, TERSE), 5_000))["left_out"] > 0, "else this says nothing"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["hatchling", "setuptools", "flit_core"])
def test_every_build_backend_packs_it(lab, tmp_path, backend):
    pytest.importorskip({"setuptools": "setuptools"}.get(backend, backend))
    name = {"hatchling": "hatchling.build", "setuptools": "setuptools.build_meta", "flit_core": "flit_core.buildapi"}[
        backend
    ]
    lab.edit(
        "pyproject.toml",
        "[project]\n",
        f'[build-system]\nrequires = []\nbuild-backend = "{name}"\n[project]\ndescription = "shop"\n',
    )
    code = f"import sys; sys.path.insert(0, '.'); import {name} as b; print(b.build_wheel(sys.argv[1]))"
    if backend == "setuptools":
        lab.edit("pyproject.toml", "[tool.nbdev]", '[tool.setuptools]\npackages = ["shop"]\n[tool.nbdev]')
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=lab.root, env=environ(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert "shop/_explained.py" in zipfile.ZipFile(wheel).namelist()
