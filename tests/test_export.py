"Export: nbdev's own bytes, or a refusal that touches nothing; and what an interruption leaves."

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from export_support import ASKS_NOTHING, Lab, environ

from comprehend_nb.export import ExportError, check, export
from comprehend_nb.notebooks import Project
from comprehend_nb.export.stage import python_files


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path / "a", ASKS_NOTHING).sample()


def refused(lab, **options):
    "The reasons of a refused export, which changed nothing."
    before = lab.files()
    with pytest.raises(ExportError) as caught:
        export(lab.project, **options)
    assert lab.files() == before and caught.value.reasons
    return "\n".join(caught.value.reasons)


def twin_of(lab, tmp_path):
    other = Lab.__new__(Lab)
    other.root = tmp_path / "b"
    shutil.copytree(lab.root, other.root)
    return other


def same_as_nbdev(lab, tmp_path):
    "Export with nbdev in one copy and with the gate in another: every byte is the same."
    twin = twin_of(lab, tmp_path)
    done = export(lab.project)
    plain = twin.nbdev("nbdev-export")
    assert plain.returncode == 0, plain.stderr
    assert lab.files() == twin.files()
    shutil.rmtree(twin.root)
    return done


def test_a_project_that_asks_nothing_is_exported_as_nbdev_does(lab, tmp_path):
    done = same_as_nbdev(lab, tmp_path)
    assert {"shop/core.py", "shop/till.py", "shop/_modidx.py", "shop/__init__.py"} <= set(done.written)
    assert check(lab.project).ok
    assert (
        subprocess.run(
            [sys.executable, "-c", "from shop.till import total; assert total([100]) == 107"],
            cwd=lab.root,
            env=environ(),
        ).returncode
        == 0
    )
    # again, nothing; then one notebook; then one that is new
    assert export(lab.project).written == ()
    lab.edit("nbs/00_core.ipynb", "RATE = 7", "RATE = 9")
    assert same_as_nbdev(lab, tmp_path).written == ("shop/core.py",)
    lab.write(
        "02_new",
        "# new\n\n> New.",
        "#| default_exp sub.new",
        "#| export\nfrom shop.core import *\nfrom os import path\n\nclass C:\n    def m(self): return 1",
    )
    assert "shop/sub/new.py" in same_as_nbdev(lab, tmp_path).written


@pytest.mark.parametrize(
    "toml",
    [
        "put_version_in_init = false\n",
        "update_pyproject = true\n",
        'nbs_path = "nbs"\nlib_path = "src/shop"\n',
        'export_procs = ["nbdev.scrubmagics:scrub_magics"]\n',
        "recursive = false\n",
        'nbs_path = "."\n',
    ],
)
def test_nbdevs_settings_mean_what_they_mean_to_nbdev(tmp_path, toml):
    if "update_pyproject" in toml:
        lab = Lab(tmp_path / "a", ASKS_NOTHING).sample()
        lab.edit("pyproject.toml", "update_pyproject = false\n", "")
    else:
        lab = Lab(tmp_path / "a", ASKS_NOTHING, toml).sample()
    if "src/" in toml:
        (lab.root / "src").mkdir()
    lab.edit(
        "pyproject.toml",
        "[tool.nbdev]",
        '[project.urls]\nDocumentation = "https://docs.example.org/shop"\n[tool.nbdev]',
    )
    (lab.root / "nbs/sub").mkdir()
    lab.write("sub/03_deep", "# deep\n\n> Deep.", "#| default_exp deep", "#| export\nx = 1")
    same_as_nbdev(lab, tmp_path)


def test_cells_for_another_module_and_odd_directives(lab, tmp_path):
    lab.write(
        "02_more",
        "# more\n\n> More.",
        "#| default_exp more",
        "#| export core\ndef half(x): return x / 2",
        "#| hide\n#|exports\nfrom __future__ import annotations",
        "#| export\n_all_ = ['y']\nx,y = 1,2\nz = w = 3",
        {
            "cell_type": "code",
            "id": "m",
            "metadata": {"nbdev": {"export": "true"}},
            "outputs": [],
            "source": "meta = 1",
        },
        {
            "cell_type": "markdown",
            "id": "d",
            "metadata": {},
            "source": "#| export\nWords for the *module*, with a \\ in them.",
        },
        "#| exportd\nx + 1",
    )
    same_as_nbdev(lab, tmp_path)
    assert check(lab.project).ok, check(lab.project).problems


def test_this_very_repository(tmp_path):
    here = Path(__file__).parents[1]
    lab = Lab.__new__(Lab)
    lab.root = tmp_path / "a"
    lab.root.mkdir()
    for name in ("nbs", "comprehend_nb", "pyproject.toml"):
        (shutil.copytree if (here / name).is_dir() else shutil.copy)(here / name, lab.root / name)
    lab.policy(ASKS_NOTHING)
    twin = twin_of(lab, tmp_path)
    export(lab.project, overwrite=True)
    assert twin.nbdev("nbdev-export").returncode == 0
    assert lab.files() == twin.files()


def test_in_test_does_not_turn_it_off(lab, monkeypatch):
    monkeypatch.setenv("IN_TEST", "1")
    assert "shop/core.py" in export(lab.project).written


KNOWN_BAD = {
    "syntax error": ("#| export\ndef broken(:\n    pass", "#bad"),
    "line magic": ("#| export\n%time x = 1", "a magic"),
    "cell magic": ("%%time\n#| export\nx = 1", "a magic"),
    "shell": ("#| export\n!ls", "a magic"),
    "help": ("#| export\nlen?", "a magic"),
    "top-level await in a library": ("#| export\nawait gross(1)", "#bad"),
    "relative import": ("#| export\nfrom .core import gross", "relative imports"),
    "two directives": ("#| export\n#| exporti\nx = 1", "two exporting directives"),
    "needs a plain cell's name": ("#| export\ndef uses():\n    return helper()", "it needs helper"),
    "needs a test's constant": ("#| export\ndef uses(x=LIMIT):\n    return x", "it needs LIMIT"),
}


@pytest.mark.parametrize(("source", "said"), KNOWN_BAD.values(), ids=KNOWN_BAD)
def test_what_would_break_the_library_is_refused(lab, source, said):
    export(lab.project)
    lab.write("03_bad", "#| default_exp bad", ("plain", "def helper(): return 1\nLIMIT = 3"), ("bad", source))
    reasons = refused(lab)
    assert said in reasons and "nbs/03_bad.ipynb#bad" in reasons
    assert not check(lab.project).ok
    # known-good beside it
    lab.write(
        "03_bad",
        "#| default_exp bad",
        ("plain", "#| export\ndef helper(): return 1\nLIMIT = 3"),
        ("bad", "#| export\ndef uses(x=LIMIT):\n    return helper()"),
    )
    assert "shop/bad.py" in export(lab.project).written


def test_a_duplicate_id_is_refused(lab):
    lab.write("03_bad", "#| default_exp bad", ("same", "#| export\nx = 1"), ("same", "#| export\ny = 1"))
    assert "nbs/03_bad.ipynb#same: two cells have this id" in refused(lab)


def test_a_merge_conflict_is_refused_raw_and_as_cells(lab):
    export(lab.project)
    good = lab.text("nbs/00_core.ipynb")
    (lab.root / "nbs/00_core.ipynb").write_text(
        good.replace(' "cells"', '<<<<<<< HEAD\n "cells"\n=======\n>>>>>>> other\n', 1)
    )
    assert "nbs/00_core.ipynb: the file holds the markers of a merge conflict" in refused(lab)
    lab.write(
        "00_core",
        "#| default_exp core",
        {"cell_type": "markdown", "id": "m1", "metadata": {}, "source": "`<<<<<<< HEAD`"},
        ("same", "#| export\nRATE = 7"),
        {"cell_type": "markdown", "id": "m2", "metadata": {}, "source": "`=======`"},
        ("same", "#| export\nRATE = 9"),
        {"cell_type": "markdown", "id": "m3", "metadata": {}, "source": "`>>>>>>> other`"},
    )
    reasons = refused(lab)
    assert "nbs/00_core.ipynb#m1: a merge conflict" in reasons and "#same: two cells" in reasons


def test_a_conflict_resolved_to_both_sides_is_refused(lab):
    lab.write(
        "03_both",
        "#| default_exp both",
        ("ours", "#| export\ndef f(x): return x"),
        ("theirs", "#| export\ndef f(x): return -x"),
    )
    assert "nbs/03_both.ipynb#theirs f: f is defined here and in nbs/03_both.ipynb#ours" in refused(lab)
    lab.write(
        "03_both",
        "#| default_exp both",
        "#| export\nfrom fastcore.dispatch import patch",
        "#| export\nclass C: pass",
        "#| export\n@patch\ndef f(self: C): return 1",
        "#| export\n@patch\ndef f(self: dict): return 1",
    )
    assert export(lab.project).written


def test_a_module_that_a_folder_would_hide_is_refused(lab):
    lab.write("03_sub", "#| default_exp core.sub", "#| export\nx = 1")
    assert "nbs/00_core.ipynb: shop/core.py would be hidden by the folder of shop/core/sub.py" in refused(lab)


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "this is no notebook"), ('{"nbformat": 3, "worksheets": []}', "nbformat 3"), ("[]", "this is no notebook")],
)
def test_an_unreadable_notebook_is_refused(lab, text, said):
    (lab.root / "nbs/04_odd.ipynb").write_text(text)
    assert "nbs/04_odd.ipynb: " in refused(lab) and said in refused(lab)


def test_a_notebook_without_ids_is_refused_with_the_remedy(lab):
    lab.write(
        "04_old",
        "#| default_exp old",
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": "#| export\nx = 1"},
    )
    assert "nbdev-clean" in refused(lab)
    assert lab.nbdev("nbdev-clean").returncode == 0
    assert "shop/old.py" in export(lab.project).written


def test_exports_that_no_notebook_owns_are_refused(lab):
    lab.write("04_stray", "#| default_exp stray", "#| export\nx = 1", "#| export elsewhere\ny = 1")
    assert "a module that no notebook makes" in refused(lab)


def test_a_cell_that_falls_short_withholds_the_whole(tmp_path):
    lab = Lab(tmp_path / "a").sample()
    reasons = refused(lab)
    assert "nbs/00_core.ipynb#c3 gross: nobody has run this code" in reasons and "nbs/01_till.ipynb#c3 total" in reasons
    lab.understand()
    assert {"shop/core.py", "shop/till.py", "shop/_explained.py"} <= set(export(lab.project).written)
    lab.edit("nbs/00_core.ipynb", "RATE = 7", "RATE = 9")
    stale = refused(lab)
    # the constant itself, the function that uses it, and the one in another module that calls that
    for place in ("00_core.ipynb#c2 RATE", "00_core.ipynb#c3 gross", "01_till.ipynb#c3 total"):
        assert place in stale, stale
    assert "RATE was changed" in stale and "shop.core.RATE was changed" in stale
    lab.edit("nbs/00_core.ipynb", "RATE = 9", "RATE = 7")
    assert export(lab.project).written == ()


def test_a_hand_edit_is_not_thrown_away_unasked(lab):
    export(lab.project)
    lab.edit("shop/core.py", "RATE / 100", "RATE / 1000")
    lab.edit("nbs/01_till.ipynb", "sum(", "0 + sum(")
    reasons = refused(lab)
    assert (
        "nbs/00_core.ipynb#c3: shop/core.py says something else than this cell" in reasons
        and "nbdev-update" in reasons
        and "--overwrite" in reasons
    )
    assert "shop/core.py" in export(lab.project, overwrite=True).written
    assert "RATE / 100)" in lab.text("shop/core.py")


def test_a_hand_edit_can_be_kept_by_nbdev_update(lab):
    export(lab.project)
    lab.edit("shop/core.py", "RATE / 100", "RATE / 1000")
    assert lab.nbdev("nbdev-update").returncode == 0
    export(lab.project)
    assert "RATE / 1000" in lab.text("shop/core.py") and "RATE / 1000" in lab.text("nbs/00_core.ipynb")


def test_a_syntax_error_in_the_module_alone_is_a_hand_edit(lab):
    export(lab.project)
    lab.edit("shop/core.py", "def gross(net):", "def gross(net:")
    assert "shop/core.py says something else" in refused(lab)


def test_two_exports_at_once(lab):
    import fcntl

    export(lab.project)
    lab.edit("nbs/00_core.ipynb", "RATE = 7", "RATE = 9")
    with open(lab.root / ".comprehend/local/export.lock", "a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ExportError, match="another export"):
            export(lab.project)
    assert export(lab.project).written == ("shop/core.py",)


def test_a_library_outside_of_the_project_is_refused(tmp_path):
    lab = Lab(tmp_path / "a", ASKS_NOTHING, 'lib_path = "../elsewhere"\n').sample()
    with pytest.raises(ExportError, match="outside of the project"):
        export(lab.project)


def test_other_files_of_the_package_and_permissions_stay(lab):
    export(lab.project)
    (lab.root / "shop/data").mkdir()
    (lab.root / "shop/data/prices.bin").write_bytes(b"\0" * 1000)
    (lab.root / "shop/hand.py").write_text("x = 1\n")
    os.symlink("data", lab.root / "shop/link")
    os.chmod(lab.root / "shop/core.py", 0o755)
    inode = (lab.root / "shop/data/prices.bin").stat().st_ino
    lab.edit("nbs/00_core.ipynb", "RATE = 7", "RATE = 9\\nMORE = 1")
    assert set(export(lab.project).written) == {"shop/core.py"}
    lab.edit("nbs/00_core.ipynb", "MORE = 1", "def more(): pass")
    assert {"shop/core.py", "shop/_modidx.py"} == set(export(lab.project).written)
    assert (lab.root / "shop/data/prices.bin").stat().st_ino == inode and os.readlink(lab.root / "shop/link") == "data"
    assert (lab.root / "shop/core.py").stat().st_mode & 0o777 == 0o755 and (lab.root / "shop/hand.py").exists()


VICTIM = """
import sys, os
from comprehend_nb.export import swap
from comprehend_nb.export import export
from comprehend_nb.notebooks import Project
stop, whole = int(sys.argv[2]), sys.argv[3] == "whole"
if not whole:
    swap.exchange = lambda *a: False
seen = 0
def step(frame, event, arg):
    global seen
    if frame.f_globals.get("__name__") == "comprehend_nb.export.swap":
        seen += 1
        if seen == stop:
            os.kill(os.getpid(), 9)
        return step
sys.settrace(step)
export(Project.at(sys.argv[1]))
sys.settrace(None)
print(seen)
"""


def victim(root, stop, how):
    return subprocess.run(
        [sys.executable, "-c", VICTIM, str(root), str(stop), how], env=environ(), capture_output=True, text=True
    )


def library(lab):
    return {name: data for name, data in lab.files().items() if name.startswith("shop/")}


def big(lab, rate):
    for i in range(4):
        lab.write(f"1{i}_m{i}", f"#| default_exp m{i}", f"#| export\nRATE = {rate}\ndef f{i}_{rate}(): return RATE")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["whole", "two steps"])
def test_killed_at_any_moment_the_library_is_whole(lab, tmp_path, how):
    "Every line of the swap is a place to be killed at; a sample of them is tried, and the next export always mends."
    big(lab, 1)
    export(lab.project)
    old = library(lab)
    kept = tmp_path / "kept"
    shutil.copytree(lab.root, kept)
    big(lab, 2)
    notebooks = {n: d for n, d in lab.files().items() if n.startswith("nbs/")}
    done = victim(lab.root, 0, how)
    assert done.returncode == 0, done.stderr
    new, lines = library(lab), int(done.stdout)
    assert new != old
    for stop in sorted({*range(1, 12, 2), *range(12, lines, max(1, lines // 14))}):
        shutil.rmtree(lab.root)
        shutil.copytree(kept, lab.root)
        for name, data in notebooks.items():
            (lab.root / name).write_bytes(data)
        assert victim(lab.root, stop, how).returncode == -signal.SIGKILL
        now = library(lab)
        assert now in (old, new) or (how == "two steps" and now == {}), stop
        if now == {}:
            check(lab.project)
            assert library(lab) == new, stop
        export(lab.project)
        assert library(lab) == new, stop
        assert (
            not list((lab.root / ".comprehend/local").glob("stage-*"))
            and not (lab.root / ".comprehend/local/export-journal.json").exists()
        )


def test_killed_while_nbdev_runs_nothing_has_changed(lab):
    export(lab.project)
    old = library(lab)
    big(lab, 3)
    for delay in (0.02, 0.1, 0.2, 0.3):
        child = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import sys; from comprehend_nb.export import *; from comprehend_nb.notebooks import Project; export(Project.at(sys.argv[1]))",
                str(lab.root),
            ],
            env=environ(),
            start_new_session=True,
        )
        time.sleep(delay)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        assert library(lab) == old
    export(lab.project)
    assert library(lab) != old and check(lab.project).ok


def test_python_files_are_found_in_order(tmp_path):
    for name in ("b.py", "a.py", "sub/c.py", ".hidden/d.py", "__pycache__/e.py", "f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [p.relative_to(tmp_path).as_posix() for p in python_files(tmp_path)] == ["a.py", "b.py", "sub/c.py"]


def test_no_project_and_no_nbdev(tmp_path):
    from comprehend_nb.notebooks import NotebookError

    with pytest.raises(NotebookError, match="init"):
        Project.at(tmp_path)
    (tmp_path / ".comprehend").mkdir()
    with pytest.raises(ExportError, match="no nbdev project"):
        export(Project.at(tmp_path))
