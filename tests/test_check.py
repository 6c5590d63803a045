"Check: every way around the gate shows, and nothing that is right is called wrong."

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from export_support import ADA, ASKS_NOTHING, BOB, Lab, environ

from comprehend_nb.export import ExportError, check, export
from comprehend_nb.ledger.identity import Person
from comprehend_nb.workflow.setup import adopt, init


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def lab(tmp_path):
    "A project in which everything is understood, exported and committed; the gate asks for explanations."
    lab = Lab(tmp_path / "a").sample().understand()
    export(lab.project)
    lab.commit("understood and exported")
    assert check(lab.project).ok, check(lab.project).problems
    return lab


def sneak(lab):
    "Somebody adds code to an exported cell that nobody explained."
    lab.edit("nbs/00_core.ipynb", "def gross(net):", "def unseen(x):\\n    return x * 2\\n\\ndef gross(net):")


def seen(lab, *words):
    report = check(lab.project)
    text = "\n".join(report.problems)
    assert not report.ok and all(w in text for w in words), text
    return text


# Ways around the gate


def test_plain_nbdev_export_is_seen(lab):
    sneak(lab)
    assert lab.nbdev("nbdev-export").returncode == 0 and "unseen" in lab.text("shop/core.py")
    assert "exported by other means" in seen(lab, "nbs/00_core.ipynb#c3")
    lab.commit("and committed")
    seen(lab, "nbs/00_core.ipynb#c3", "the library holds it already")
    with pytest.raises(ExportError):
        export(lab.project, overwrite=True)


def test_nb_export_called_from_python_is_seen(lab):
    sneak(lab)
    code = "from nbdev.export import nb_export; nb_export('nbs/00_core.ipynb', lib_path='shop')"
    assert subprocess.run([sys.executable, "-c", code], cwd=lab.root, env=environ()).returncode == 0
    assert "unseen" in lab.text("shop/core.py")
    seen(lab, "nbs/00_core.ipynb#c3", "the library holds it already")


def test_the_nb_export_command_is_seen(lab):
    sneak(lab)
    assert lab.nbdev("nb-export", "nbs/00_core.ipynb", "--lib-path", "shop").returncode == 0 and "unseen" in lab.text(
        "shop/core.py"
    )
    seen(lab, "nbs/00_core.ipynb#c3", "the library holds it already")


@pytest.mark.slow
def test_watch_export_is_seen(lab):
    pytest.importorskip("watchdog")
    child = subprocess.Popen(
        [str(Path(sys.executable).parent / "watch-export")],
        cwd=lab.root,
        env=environ(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(3)
        sneak(lab)
        for _ in range(12):
            (lab.root / "nbs/00_core.ipynb").write_text(lab.text("nbs/00_core.ipynb"))
            time.sleep(2)
            if "unseen" in lab.text("shop/core.py"):
                break
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    assert "unseen" in lab.text("shop/core.py")
    seen(lab, "nbs/00_core.ipynb#c3", "the library holds it already")


def test_exported_by_other_means_and_the_notebook_put_back_is_seen(lab):
    sneak(lab)
    lab.nbdev("nbdev-export")
    lab.git("checkout", "nbs")
    seen(lab, "nbs/00_core.ipynb#c3: shop/core.py says something else than this cell")


HAND_EDITS = {
    "inside a function": (
        "return net * (1 + RATE / 100)",
        "return net * (1 + RATE / 90)",
        "#c3: shop/core.py says something else",
    ),
    "only a comment": ("RATE = 7", "RATE = 7  # per cent", "#c2: shop/core.py says something else"),
    "added to the last cell": (
        "RATE / 100)",
        "RATE / 100)\n\ndef unseen(): pass",
        "#c3: shop/core.py says something else",
    ),
    "before the first cell": ("# %% auto", "import os\n# %% auto", "code outside of any cell: import os"),
    "in the auto cell": (
        "\n\n# %% ../nbs/00_core.ipynb #c2",
        "\nimport os\n\n# %% ../nbs/00_core.ipynb #c2",
        "code outside of any cell: import os",
    ),
    "a block of an invented cell": (
        "\n\n# %% ../nbs/00_core.ipynb #c2",
        "\n\n# %% ../nbs/00_core.ipynb #zz\ndef unseen(): pass\n\n# %% ../nbs/00_core.ipynb #c2",
        "#zz: shop/core.py holds code",
    ),
    "a block of a test cell": (
        "\n\n# %% ../nbs/00_core.ipynb #c2",
        "\n\n# %% ../nbs/00_core.ipynb #c4\nassert gross(100) == 107\n\n# %% ../nbs/00_core.ipynb #c2",
        "#c4: shop/core.py holds code",
    ),
    "on the docstring's line": ('"""Prices."""', '"""Prices."""; import os', "code outside of any cell: import os"),
    "by an encoding": ('"""Prices."""', '# -*- coding: utf-7 -*-\n"""Prices."""', "written in utf-7"),
    "code among the names": (
        "__all__ = ['RATE', 'gross']",
        "__all__ = ['RATE', print('gross')]",
        "code outside of any cell",
    ),
    "a form feed": ("RATE = 7", "RATE = 7\x0c\nEXTRA = 1", "#c2: shop/core.py says something else"),
}


@pytest.mark.parametrize(("old", "new", "said"), HAND_EDITS.values(), ids=HAND_EDITS)
def test_a_hand_edit_of_a_generated_module_is_seen(lab, old, new, said):
    lab.edit("shop/core.py", old, new)
    seen(lab, said)
    lab.commit("committed")
    seen(lab, said)
    lab.git("checkout", "HEAD~1", "--", "shop")
    assert check(lab.project).ok


def test_a_module_stripped_of_its_marks_is_seen(lab):
    text = "\n".join(line for line in lab.text("shop/core.py").splitlines() if not line.startswith("#"))
    (lab.root / "shop/core.py").write_text(text + "\ndef unseen(): pass\n")
    seen(lab, "shop/core.py: it no longer says which cells it is made of")


def test_code_in_data_files_is_seen(lab):
    for name in ("shop/_modidx.py", "shop/_explained.py"):
        before = lab.text(name)
        (lab.root / name).write_text(before + "\nimport os\n")
        seen(lab, name, "holds data")
        (lab.root / name).write_text(before)


def test_a_module_written_by_hand_is_counted(lab):
    (lab.root / "shop/extra.py").write_text("def f(): pass\n")
    report = check(lab.project)
    assert report.ok and any("shop/extra.py" in str(n) for n in report.notes)


def test_a_stale_module_whose_notebook_is_gone_is_named(lab):
    lab.git("rm", "-q", "nbs/01_till.ipynb")
    report = check(lab.project)
    assert any(n.kind == "stale" and n.where == "shop/till.py" for n in report.notes + report.reasons)
    lab.edit("shop/till.py", "sum(", "2 * sum(")
    seen(lab, "nbs/01_till.ipynb#c3: shop/till.py holds code")


def test_forged_metadata_proves_nothing(tmp_path):
    forged = {
        "cell_type": "code",
        "id": "c",
        "execution_count": 7,
        "source": "#| export\ndef f(): return 1",
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "ran"}],
        "metadata": {
            "comprehend_nb": {"standing": "verified", "fingerprint": "fp1:0", "understood": True},
            "execution": {"iopub.status.idle": "2026-01-01"},
        },
    }
    lab = Lab(tmp_path / "a")
    lab.write("00_core", "#| default_exp core", forged)
    seen(lab, "nbs/00_core.ipynb#c f: nobody has run this code")


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["nbdev-test --save", "nbclient", "papermill"])
def test_a_notebook_that_was_run_by_a_machine_is_not_understood(tmp_path, runner):
    lab = Lab(tmp_path / "a").sample()
    nb = lab.root / "nbs/00_core.ipynb"
    if runner == "nbdev-test --save":
        assert lab.nbdev("nbdev-test", "nbs/00_core.ipynb", "--n-workers", "0", "--save").returncode == 0
    elif runner == "nbclient":
        code = "import nbformat, nbclient, sys; nb = nbformat.read(sys.argv[1], 4); nbclient.NotebookClient(nb).execute(); nbformat.write(nb, sys.argv[1])"
        assert (
            subprocess.run(
                [sys.executable, "-c", code, str(nb)], env=environ(), cwd=lab.root, capture_output=True
            ).returncode
            == 0
        )
    else:
        assert (
            subprocess.run(
                [sys.executable, "-m", "papermill", "-k", "python3", str(nb), str(nb)],
                env=environ(),
                cwd=lab.root,
                capture_output=True,
            ).returncode
            == 0
        )
    assert '"execution_count": 3' in nb.read_text() or '"execution_count": 4' in nb.read_text()
    seen(lab, "nbs/00_core.ipynb#c3 gross: nobody has run this code")


def test_a_record_for_other_code_or_another_closure_does_not_count(tmp_path):
    lab = Lab(tmp_path / "a").sample().understand(only=["RATE"])
    text = seen(lab, "c3 gross: nobody has run this code")
    assert "c2 RATE" not in text
    other = Lab(tmp_path / "b")
    other.write(
        "00_core",
        "#| default_exp core",
        "#| export\nRATE = 8",
        "#| export\ndef gross(net):\n    return net * (1 + RATE / 100)",
    )
    other.understand()
    shutil.copytree(other.root / ".comprehend", lab.root / ".comprehend", dirs_exist_ok=True)
    seen(lab, "c3 gross: stale: RATE was changed")


@pytest.mark.parametrize("forge", ["edited", "removed", "reordered", "borrowed"])
def test_a_forged_ledger_is_seen(lab, forge):
    file = next((lab.root / ".comprehend/ledger").rglob("*.jsonl"))
    lines = file.read_text().splitlines(keepends=True)
    if forge == "edited":
        lines[2] = lines[2].replace("executed", "explained").replace("explained", "verified", 1)
    elif forge == "removed":
        del lines[3]
    elif forge == "reordered":
        lines[2], lines[3] = lines[3], lines[2]
    else:
        folder = file.parent.with_name(BOB.id)
        folder.mkdir()
        (folder / file.name).write_text("".join(lines))
    if forge != "borrowed":
        file.write_text("".join(lines))
    assert ".comprehend/ledger/" in seen(lab)


# A policy that was loosened


def test_a_loosened_policy_is_reported_as_that(lab):
    lab.git("checkout", "-q", "-b", "lax")
    lab.policy(ASKS_NOTHING)
    sneak(lab)
    seen(lab, "the policy asks less than before: ai: verified -> none", "other: explained -> none")
    export(lab.project)
    lab.commit("both in one")
    seen(lab, "the policy asks less than before: other: explained -> none")
    assert check(lab.project, accept_policy=True).ok
    lab.policy("explainers = 2")
    assert "policy" not in "\n".join(check(lab.project).problems)


def test_two_addresses_of_one_person_are_not_two_people(tmp_path):
    lab = Lab(tmp_path / "a", "explainers = 2\n").sample()
    lab.understand(["gross", "total"]).understand(["gross", "total"], person=Person.of("Ada L", "ada@home.example"))
    lab.commit()
    (lab.root / ".comprehend/local").mkdir(exist_ok=True)

    def short():
        return [p for p in check(lab.project).problems if "1 of 2 people" in p]

    assert short() == [], "nobody says that they are one"
    (lab.root / ".mailmap").write_text("Ada Lovelace <ada@example.org> <ada@home.example>\n")
    assert len(short()) == 2
    lab.understand(["gross", "total"], person=BOB)
    assert short() == []


# What is right is not called wrong


def test_an_edit_after_an_export_is_behind_not_bypassed(tmp_path):
    lab = Lab(tmp_path / "a").sample().understand()
    export(lab.project)  # never committed
    lab.edit("nbs/00_core.ipynb", "1 + RATE", "1.0 + RATE")
    text = seen(lab, "c3 gross")
    assert "says something else" not in text and "by hand" not in text
    lab.understand()
    report = check(lab.project)
    assert report.ok and [n.kind for n in report.notes].count("behind") == 1
    assert (
        export(lab.project).written == ("shop/core.py", "shop/_explained.py")
        or set(export(lab.project).written) == set()
    )


def test_in_a_fresh_clone_an_edit_is_behind_as_well(lab, tmp_path, monkeypatch):
    lab.edit("nbs/00_core.ipynb", "1 + RATE", "1.0 + RATE")
    lab.understand()
    lab.commit("notebook and records, not yet exported")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    clone = Lab.__new__(Lab)
    clone.root = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(lab.root), str(clone.root)], check=True)
    report = check(clone.project)
    assert report.ok, report.problems
    assert any(n.kind == "behind" for n in report.notes)
    assert "shop/core.py" in export(clone.project).written


def test_a_fresh_clone_remembers_what_it_checked_and_a_project_without_a_ledger_gets_nothing(lab, tmp_path):
    clone = Lab.__new__(Lab)
    clone.root = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(lab.root), str(clone.root)], check=True)
    assert not (clone.root / ".comprehend/local").exists() and check(clone.project).ok
    assert (clone.root / ".comprehend/local/memo").exists() and clone.git("status", "--porcelain") == ""
    shutil.rmtree(clone.root / ".comprehend")
    check(clone.project)
    assert not (clone.root / ".comprehend").exists()


def test_layout_comments_ids_and_moves_change_nothing(lab):
    lab.edit("nbs/00_core.ipynb", "return net * (1 + RATE / 100)", "# of the shop\\n    return net*(1+RATE/100)")
    shutil.move(lab.root / "nbs/00_core.ipynb", lab.root / "nbs/05_core.ipynb")
    report = check(lab.project)
    assert all(r.understood for r in report.rows)
    assert "shop/core.py" in export(lab.project, overwrite=True).written and check(lab.project).ok


def test_reverting_brings_the_standing_back(lab):
    lab.edit("nbs/00_core.ipynb", "RATE = 7", "RATE = 9")
    seen(lab, "RATE was changed")
    lab.edit("nbs/00_core.ipynb", "RATE = 9", "RATE = 7")
    assert check(lab.project).ok


def test_a_copy_of_an_understood_cell_is_understood_and_one_beside_other_constants_is_not(lab):
    gross = "#| export\ndef gross(net):\n    return net * (1 + RATE / 100)"
    lab.write("06_copy", "#| default_exp copy", "#| export\nRATE = 7", gross)
    rows = {r.cell.where: r for r in check(lab.project).rows}
    assert rows["nbs/06_copy.ipynb#c2"].understood
    lab.write("06_copy", "#| default_exp copy", "#| export\nRATE = 19", gross)
    rows = {r.cell.where: r for r in check(lab.project).rows}
    assert not rows["nbs/06_copy.ipynb#c2"].understood


@pytest.mark.parametrize("how", ["same id", "same name"])
def test_an_edit_of_a_models_proposal_stays_derived_from_it(tmp_path, how):
    "Nobody ran the edit in a session of ours: git alone knows where it came from."
    lab = Lab(tmp_path / "a", "ai = explained\nother = none\nglue = none\n")
    lab.write("00_core", "#| default_exp core", ("c", "#| export\ndef f(x):\n    return x + 1"))
    lab.record("proposed", intent="add one", model="rules")
    lab.commit()
    lab.write(
        "00_core",
        "#| default_exp core",
        ("c" if how == "same id" else "d", "#| export\ndef f(x):\n    y = x\n    return y + 2"),
    )
    (row,) = check(lab.project).rows
    assert row.standing.origin == "edited" and not row.understood
    lab.write("00_core", "#| default_exp core", ("other", "#| export\ndef g(x):\n    return x + 2"))
    (row,) = check(lab.project).rows
    assert row.understood


# Caches


def test_no_cache_makes_unseen_code_pass(lab, tmp_path, monkeypatch):
    local = lab.root / ".comprehend/local"
    kept = {p.name: p.read_bytes() for p in local.iterdir() if p.is_file()}
    sneak(lab)
    # what was true before the edit, put back: an old cache
    for name, data in kept.items():
        (local / name).write_bytes(data)
    seen(lab, "nbs/00_core.ipynb#c3")
    with pytest.raises(ExportError):
        export(lab.project)
    # another person's cache, in which this very code is understood
    elsewhere = Lab(tmp_path / "b").sample()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another person"))
    sneak(elsewhere)
    elsewhere.understand()
    export(elsewhere.project)
    check(elsewhere.project)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for path in (elsewhere.root / ".comprehend/local").iterdir():
        if path.is_file():
            shutil.copy(path, local / path.name)
    seen(lab, "nbs/00_core.ipynb#c3")
    with pytest.raises(ExportError):
        export(lab.project)
    # bytes turned over
    for name, data in kept.items():
        (local / name).write_bytes(bytes(255 - b for b in data))
    seen(lab, "nbs/00_core.ipynb#c3")


def test_check_writes_nothing_that_git_sees(lab):
    before = lab.files()
    check(lab.project)
    assert lab.files() == before and lab.git("status", "--porcelain") == ""


# Adopt and init


def test_adopt_takes_a_project_in_and_every_edit_takes_out_of_it(tmp_path):
    lab = Lab(tmp_path / "a", "ai = explained\nother = explained\nglue = executed\n").sample()
    lab.nbdev("nbdev-export")
    lab.commit()
    seen(lab, "nobody has run this code")
    assert adopt(lab.root, ADA).adopted == 5
    report = check(lab.project)
    assert (
        report.ok
        and report.counts == {"baseline": 5}
        and "5 exported cells were there before" in "\n".join(map(str, report.notes))
    )
    assert adopt(lab.root, ADA).already == 5 and export(lab.project).written == ()
    sneak(lab)
    seen(lab, "nbs/00_core.ipynb#c3")


def test_a_baseline_shrinks_and_check_says_how_far(tmp_path):
    lab = Lab(tmp_path / "a").sample()
    adopt(lab.root, ADA)

    def said():
        return next(str(n) for n in check(lab.project).notes if n.kind == "baseline")

    assert "5 exported cells" in said() and "of 5 adopted since 20" in said() and "0 left it: explained" in said()
    lab.understand(["gross"])
    lab.edit("nbs/01_till.ipynb", "sum(map(gross, nets))", "2 * sum(map(gross, nets))")
    assert (
        "3 exported cells" in said()
        and "2 left it: explained, waived, changed or removed" in said()
        and "most of what is left, 2, in nbs/01_till.ipynb" in said()
    )
    lab.understand()
    assert (
        said()
        == "baseline: nothing is left: of 5 adopted since "
        + said()[46:56]
        + ", 5 left it: explained, waived, changed or removed"
    )
    assert not [n for n in check(Lab(tmp_path / "b").sample().project).notes if n.kind == "baseline"], (
        "what was never adopted is not spoken of"
    )


def test_an_edit_after_adopting_is_no_hand_edit_of_the_module(tmp_path):
    lab = Lab(tmp_path / "a").sample()
    lab.nbdev("nbdev-export")
    adopt(lab.root, ADA)  # nothing is committed
    lab.edit("nbs/00_core.ipynb", "def gross(net):", "# of the shop\\ndef gross(net):")
    assert export(lab.project).written == ("shop/core.py",)


def test_what_real_projects_have_done_for_years_is_noted_in_a_baseline(tmp_path):
    "Found in well-known libraries: a function defined twice, a global that only a test cell has, names that come by a star from elsewhere."
    lab = Lab(tmp_path / "a")
    lab.write(
        "00_core",
        "#| default_exp core",
        "#| export\nfrom fastcore.utils import *",
        "def first(x): return 'not the one of the star'",
        "state = {}",
        "#| export\ndef top(xs): return first(xs)",
        "#| export\ndef f(x): return state",
        ("again", "#| export\ndef f(x): return x"),
    )
    assert lab.nbdev("nbdev-export").returncode == 0
    text = seen(
        lab, "it needs state, which only nbs/00_core.ipynb#c3 binds", "f is defined here and in nbs/00_core.ipynb#c5"
    )
    assert "needs first" not in text  # the star brings it
    adopt(lab.root, ADA)
    report = check(lab.project)
    assert report.ok and {"needs", "twice", "baseline"} <= {n.kind for n in report.notes}
    lab.write("00_core", "#| default_exp core", "state = {}", "#| export\ndef g(x): return state")
    seen(lab, "it needs state")


def test_what_real_projects_do_is_exported_where_nothing_is_asked(tmp_path):
    "Found in well-known libraries: names by a star from a module written by hand, or by `_all_`; a name defined twice for years; docstrings of an older nbdev."
    lab = Lab(tmp_path / "a", ASKS_NOTHING)
    (lab.root / "shop").mkdir()
    (lab.root / "shop/web.py").write_text(
        "from http.server import BaseHTTPRequestHandler as Upload\nfrom shop.base import *\n"
    )
    lab.write(
        "00_base",
        "#| default_exp base",
        "#| export\nfrom string import Template\n_all_ = ['Template']\ndef near(): return 1",
    )
    lab.write(
        "01_core",
        "# core\n\n> Ends at \\n, or at a tab.",
        "#| default_exp core",
        "#| export\nfrom shop.web import *",
        "#| export\nfrom shop.base import *",
        "from http.server import BaseHTTPRequestHandler as Upload\nfrom string import Template\nnear = 2",
        "#| export\ndef kind(): return Upload, Template, near",
        "#| export\ndef f(x): return x",
        ("again", "#| export\ndef f(x, y=1): return x"),
    )
    assert "f is defined here and in" in "\n".join(
        check(lab.project).problems
    )  # it may be a conflict resolved to both sides
    lab.nbdev("nbdev-export")
    before = lab.text("shop/core.py")
    lab.edit("shop/core.py", 'r"""', '"""')  # as nbdev wrote it before it wrote raw docstrings
    lab.commit("for years")
    report = check(lab.project)
    assert report.ok and "twice" in {n.kind for n in report.notes}, report.problems
    export(lab.project)
    assert lab.text("shop/core.py") == before
    lab.edit("shop/core.py", "tab.", "tabulator.")
    assert "the docstring of shop/core.py" in "\n".join(check(lab.project).problems)


BOUND = [
    "lost",
    "near = lost = 2",
    "near, lost = 1, 2",
    "(near, [*lost]) = 1, [2]",
    "for lost in [2]: pass",
    "for near, lost in {1: 2}.items():\n    pass",
    "if (lost := 2): pass",
    "with open('x') as lost: pass",
    "if True:\n    lost = 2",
    "lost: int = 2",
    "from os.path import (join,\n    split as lost)",
    "def near():\n    global lost\n    lost = 2",
]


def test_a_name_that_a_cell_without_export_binds_is_missed_however_it_binds_it(tmp_path):
    lab = Lab(tmp_path / "a", ASKS_NOTHING)
    for i, code in enumerate(BOUND):
        lab.write(f"{i:02}_m{i}", f"#| default_exp m{i}", code, "#| export\ndef f(): return lost")
    said = "\n".join(check(lab.project).problems)
    assert [code for i, code in enumerate(BOUND) if f"nbs/{i:02}_m{i}.ipynb#c2 f: it needs lost" not in said] == [
        "lost"
    ], said


def test_modules_of_an_old_nbdev_are_made_again_when_asked(tmp_path):
    "Before cells had ids, their blocks were marked `# Cell`; such a module says nothing of where its code comes from."
    lab = Lab(tmp_path / "a", ASKS_NOTHING).sample()
    (lab.root / "shop").mkdir()
    (lab.root / "shop/__init__.py").touch()
    (lab.root / "shop/core.py").write_text(
        "# AUTOGENERATED! DO NOT EDIT! File to edit: nbs/00_core.ipynb (unless otherwise specified).\n\n# Cell\nRATE = 7\n"
    )
    (lab.root / "shop/gone.py").write_text(
        "# AUTOGENERATED! DO NOT EDIT! File to edit: nbs/09_gone.ipynb (unless otherwise specified).\n\n# Cell\nx = 7\n"
    )
    seen(lab, "shop/core.py: it no longer says which cells it is made of")
    with pytest.raises(ExportError):
        export(lab.project)
    assert "shop/core.py" in export(lab.project, overwrite=True).written
    report = check(lab.project)
    assert report.ok and "shop/gone.py" in "\n".join(map(str, report.notes))


def test_adopt_does_not_take_what_a_model_proposed(tmp_path):
    lab = Lab(tmp_path / "a").sample().record("proposed", only=["gross"], intent="gross", model="rules")
    done = adopt(lab.root, ADA)
    assert done.adopted == 4 and "nbs/00_core.ipynb#c3 gross: a model proposed it" in done.refused[0]
    seen(lab, "nbs/00_core.ipynb#c3 gross")


def test_init_makes_a_project_that_nbdev_accepts(tmp_path):
    root = tmp_path / "new-lib"
    root.mkdir()
    plan = init(root)
    assert list(root.iterdir()) == [] and all(s.text for s in plan.steps) and "git" in plan.notes[0]
    plan.apply()
    lab = Lab.__new__(Lab)
    lab.root = root
    (root / "nbs").mkdir()
    lab.write("00_core", "#| default_exp core", "#| export\nx = 1")
    lab.edit("nbs/00_core.ipynb", '"metadata": {}', '"metadata": {"comprehend_nb": {"k": 1}}')
    assert lab.nbdev("nbdev-clean").returncode == 0 and "comprehend_nb" in lab.text("nbs/00_core.ipynb")
    assert init(root).steps == []
    report = check(lab.project)
    assert [r.standing.needed for r in report.rows] == ["executed"]
    lab.understand()
    assert "new_lib/core.py" in export(lab.project).written


def test_init_of_an_nbdev2_project_says_what_to_do_first(tmp_path):
    from comprehend_nb.workflow.setup import SetupError

    (tmp_path / "settings.ini").write_text("[DEFAULT]\nlib_name = old\n")
    with pytest.raises(SetupError, match="nbdev-migrate-config"):
        init(tmp_path)


def test_a_report_can_be_told_as_json(lab):
    report = check(lab.project)
    assert json.loads(json.dumps(report.counts)) == {"understood": 5}


def test_what_comes_from_a_module_written_by_hand_is_rested_on(tmp_path):
    "Nobody can say who explained that module; but a rate changed in it reaches what uses it, through another such module too, and a docstring reaches nothing."
    lab = Lab(tmp_path / "a", "other = explained\nglue = none\n")
    lab.write(
        "00_core",
        "# core\n\n> Prices.",
        "#| default_exp core",
        "#| export\nfrom shop.rates import of_land\nfrom shop.words import thanks",
        "#| export\ndef gross(net):\n    return net * of_land()",
        "#| export\ndef bye(name):\n    return thanks(name)",
    )
    (lab.root / "shop").mkdir()
    (lab.root / "shop/__init__.py").write_text('__version__ = "0.1"\n')
    (lab.root / "shop/numbers.py").write_text('"Numbers."\nRATE = 7\n')
    (lab.root / "shop/rates.py").write_text(
        "from shop.numbers import RATE\n\ndef of_land():\n    return 1 + RATE / 100\n"
    )
    (lab.root / "shop/words.py").write_text("def thanks(name):\n    return f'thank you, {name}'\n")
    lab.understand()

    def stale():
        return [r.what for r in check(lab.project).reasons if "stale" in r.what]

    assert stale() == []
    lab.edit("shop/numbers.py", '"Numbers."', '"The numbers of the shop."')
    assert stale() == []
    lab.edit("shop/numbers.py", "RATE = 7", "RATE = 9")
    assert len(stale()) == 1 and "RATE" in stale()[0]  # gross, and not bye
    lab.edit("shop/numbers.py", "RATE = 9", "RATE = 7")
    assert stale() == []
