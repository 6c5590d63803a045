"""In a real kernel: how an explained function fails, in a traceback through it; why a cell was as it was, when its changed form runs."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import nbformat
import pytest
from export_support import Lab, environ, other_words
from kernel_support import driving, make_project
from nbclient import NotebookClient

from comprehend_nb.export import export

CELL = "#| export\ndef gross(net):\n    return 107 * net / 100"
WORDS = "what: adds the tax to a net sum\nwhy: shelf prices are gross, so the till adds nothing\nfails: text instead of a number raises TypeError"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    "An exported library with explanations, as it would lie in site-packages."
    lab = Lab(tmp_path_factory.mktemp("library")).sample().understand()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", environ()["PATH"])
        patch.delenv("IN_TEST", raising=False)
        export(lab.project)
    return lab.root


def test_a_traceback_through_an_installed_library_shows_how_it_fails(library: Path, tmp_path: Path) -> None:
    with driving(make_project(tmp_path / "p")) as d:
        d.run(f"import sys; sys.path.insert(0, {str(library)!r})\nfrom shop.till import total")
        shown = d.run("total([1, 'ten'])")
        lines = [line for line in shown.splitlines() if " fails: " in line]
        assert [line.partition(" fails: ")[0] for line in lines] == ["shop.till.total", "shop.core.gross"], (
            "outermost first, each once"
        )
        assert "raises TypeError" in lines[1] and "Ada Lovelace" in lines[1] and "still true" in lines[1]
        assert shown.splitlines()[-1].startswith("TypeError: "), "the error itself stays last"
        assert " fails: " not in d.run("1 / 0") + d.run("import json; json.loads('{')"), "other code is as it was"


def test_it_says_where_the_installed_code_is_no_longer_what_was_explained(library: Path, tmp_path: Path) -> None:
    shutil.copytree(library / "shop", tmp_path / "lib" / "shop")
    core = tmp_path / "lib" / "shop" / "core.py"
    core.write_text(core.read_text().replace("1 + RATE / 100", "2 + RATE / 100"))
    with driving(make_project(tmp_path / "p")) as d:
        d.run(f"import sys; sys.path.insert(0, {str(tmp_path / 'lib')!r})\nfrom shop.core import gross")
        assert "the installed code was changed since" in d.run("gross('ten')")


def test_a_person_turns_it_off(library: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("moments = false\n")
    with driving(make_project(tmp_path / "p"), {"COMPREHEND_NB_CONFIG": str(tmp_path / "config.toml")}) as d:
        d.run(f"import sys; sys.path.insert(0, {str(library)!r})\nfrom shop.till import total")
        shown = d.run("total(['ten'])")
        assert "TypeError" in shown and " fails: " not in shown


def test_a_changed_cell_shows_its_why_once_and_also_after_a_restart(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    changed = CELL.replace("107", "119")
    with driving(project) as d:
        d.run(CELL, "c1")
        assert "gross is explained" in d.run(f"%%ai_explain gross\n{WORDS}", "c2")
        assert "fails: text instead of a number" in d.run("gross('x')", "c3")
        assert " why: " not in d.run(CELL, "c1"), "nothing changed"
        assert "gross why: shelf prices are gross" in d.run(changed, "c1")
        assert " why: " not in d.run(changed.replace("119", "120"), "c1"), "it was just said"
    with driving(project) as d:
        d.run("x = 1", "c0")
        until = time.monotonic() + 60
        while d.run("get_ipython()._comprehend_nb.moments.whys._names is None") == "True" and time.monotonic() < until:
            time.sleep(0.05)  # what the ledger knows is read while the kernel is idle
        assert "gross why: shelf prices are gross" in d.run(changed.replace("119", "121"), "another place")
        d.run("%unload_ext comprehend_nb")
        assert " fails: " not in d.run("gross('x')")


def test_a_program_that_runs_a_notebook_gets_no_such_line(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    with driving(project) as d:
        d.run(CELL, "c1")
        d.run(f"%%ai_explain gross\n{WORDS}", "c2")
    sources = ["%load_ext comprehend_nb", "x = 1", CELL.replace("107", "119"), "y = gross(1)"]
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    NotebookClient(
        nb, kernel_name="python3", resources={"metadata": {"path": str(project / "nbs")}}, timeout=120
    ).execute()
    assert " why: " not in str([c.outputs for c in nb.cells])


def test_a_file_that_came_with_a_library_is_shown_as_text(library: Path, tmp_path: Path) -> None:
    "What lies beside an installed module is somebody else's: no escape sequence, no second line, no code."
    shutil.copytree(library / "shop", tmp_path / "lib" / "shop")
    file = tmp_path / "lib" / "shop" / "_explained.py"
    other_words(file, "raises TypeError", "\\x1b[31mraises\\nTypeError\\u202e <b>now</b>")
    with driving(make_project(tmp_path / "p")) as d:
        d.run(f"import sys; sys.path.insert(0, {str(tmp_path / 'lib')!r})\nfrom shop.core import gross")
        (line,) = [line for line in d.run("gross('ten')").splitlines() if " fails: " in line]
        assert "\x1b[31m" not in line and "\u202e" not in line and "<b>now</b>" in line
        file.write_text("import os\nos._exit(3)\n")
        assert " fails: " not in d.run("gross('eleven')") and d.run("1 + 1") == "2"


def test_code_that_only_borrows_a_name_is_not_explained(library: Path) -> None:
    from comprehend_nb.session.moments import Libraries

    sys.path.insert(0, str(library))
    try:
        import shop.core

        here = Libraries()
        assert "raises TypeError" in here.line(shop.core.gross.__code__, "shop.core")
        assert here.line(compile("def gross(): pass", "elsewhere.py", "exec"), "shop.core") == ""
    finally:
        sys.path.remove(str(library))
        for name in [n for n in sys.modules if n.split(".")[0] == "shop"]:
            del sys.modules[name]
