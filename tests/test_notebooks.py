"Notebooks are read as nbdev reads them, and what is wrong with them is said with its place."

import json
import subprocess
import sys

import pytest
from export_support import ASKS_NOTHING, Lab, environ, notebook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comprehend_nb.notebooks import NotebookError, Project, directives, notebook_of, read_notebook

AS_NBDEV = """
import sys, json
from nbdev.process import NBProcessor
from nbdev.export import ExportModuleProc
from fastcore.nbio import dict2nb
out = []
for sources in json.load(sys.stdin):
    nb = NBProcessor(nb=dict2nb(cells=[dict(cell_type="code", id="c", metadata=m, source=s, outputs=[]) for s, m in sources], metadata={}))
    out.append([[dict(c.directives_), c.source] for c in nb.nb.cells])
print(json.dumps(out))
"""

LINES = st.sampled_from(
    [
        "#| export",
        "#|export core",
        "# | exporti",
        "#| export: true",
        "#|exports  sub.mod ",
        "#| eval: false",
        "#|hide",
        "",
        "   ",
        "%%time",
        "%%bash -x",
        "x = 1",
        "# a comment",
        "  #| export",
        "#|",
        "#| ",
        "def f():",
        "    return 1",
        "#| default_exp a.b",
        "#| a:b c:d",
        "\t#|x",
        "%time y",
        "# %% cell",
    ]
)


def test_directives_are_what_nbdev_takes_them_for():
    cases = []

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(LINES, max_size=7).map("\n".join),
        st.sampled_from([{}, {"nbdev": {"export": "true"}}, {"nbdev": {"hide": "false", "export": "core"}}]),
    )
    def collect(source, metadata):
        cases.append((source, metadata))

    collect()
    done = subprocess.run(
        [sys.executable, "-c", AS_NBDEV],
        input=json.dumps([[c] for c in cases]),
        capture_output=True,
        text=True,
        env=environ(),
    )
    assert done.returncode == 0, done.stderr
    for (source, metadata), ((theirs, code),) in zip(cases, json.loads(done.stdout), strict=True):
        assert directives(source, metadata.get("nbdev")) == (theirs, code), source


def test_the_notebooks_of_a_project_are_those_nbdev_finds(tmp_path):
    lab = Lab(tmp_path / "a", ASKS_NOTHING)
    for name in ("b", "00_a", "_draft", ".hidden", "sub/00_z", "sub/deep/01_y", "_skip/c", ".ipynb_checkpoints/b"):
        (lab.root / "nbs" / name).parent.mkdir(parents=True, exist_ok=True)
        lab.write(name, "x = 1")
    code = "from nbdev.doclinks import nbglob; print([str(p) for p in nbglob(as_path=True).sorted('name')])"
    theirs = subprocess.run(
        [sys.executable, "-c", code], cwd=lab.root, env=environ(), capture_output=True, text=True
    ).stdout
    assert [str(p) for p in lab.project.notebooks()] == eval(theirs)


@pytest.mark.parametrize(
    ("text", "said", "kind"),
    [
        ("", "this is no notebook", "unreadable"),
        ("{", "this is no notebook", "unreadable"),
        ("[]", "this is no notebook", "unreadable"),
        ("{}", "no nbformat", "unreadable"),
        ('{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}', "nbformat 3", "unreadable"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code", "source": 7}]}', "cells[0].source", "unreadable"),
        ("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> b\n", "merge conflict", "conflict"),
        ('{"nbformat": 4, "cells": [\n<<<<<<< HEAD\n]}', "merge conflict", "conflict"),
    ],
)
def test_what_cannot_be_read_says_so(tmp_path, text, said, kind):
    lab = Lab(tmp_path / "a", ASKS_NOTHING)
    path = lab.root / "nbs/00_a.ipynb"
    path.write_text(text)
    (found,) = lab.project.read()
    assert (
        found.cells == ()
        and found.problems[0].kind == kind
        and said in str(found.problems[0])
        and found.problems[0].where == "nbs/00_a.ipynb"
    )
    assert found.problems[0].remedy
    with pytest.raises(NotebookError, match=r"nbs/00_a\.ipynb"):
        read_notebook(path, lab.root)


def test_bytes_that_are_no_text_and_files_that_are_no_files(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NotebookError):
        read_notebook(tmp_path / "a.ipynb")
    with pytest.raises(NotebookError):
        read_notebook(tmp_path / "none.ipynb")


def test_conflict_marks_in_a_cell_are_only_text(tmp_path):
    text = notebook(["#| default_exp a", "#| export\nMARK = '''\n<<<<<<< HEAD\n'''"])
    assert notebook_of(text.encode(), "a.ipynb", "lib").problems == ()


def test_a_notebook_of_4_0_without_ids_is_read(tmp_path):
    old = {
        "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": ["#| default_exp a\n", "x = 1"]}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 0,
    }
    found = notebook_of(json.dumps(old).encode(), "a.ipynb", "lib")
    assert found.problems == () and found.cells[0].where == "a.ipynb#cell 0" and found.default == "a"


def test_a_cell_that_does_not_parse_has_its_problem_and_no_cell(tmp_path):
    found = notebook_of(notebook(["#| default_exp a", "#| export\ndef f(:"]).encode(), "a.ipynb", "lib")
    assert found.cells[1].cell is None and found.cells[1].problem and found.cells[1].exported


@pytest.mark.parametrize("toml", ["nbs_path = 7", "lib_path = []"])
def test_settings_that_mean_nothing_are_said(tmp_path, toml):
    with pytest.raises((NotebookError, TypeError)):
        Lab(tmp_path / "a", ASKS_NOTHING, toml).project.notebooks()


def test_a_project_is_found_from_inside_and_named_by_its_settings(tmp_path):
    lab = Lab(tmp_path / "a", ASKS_NOTHING, 'nbs_path = "notebooks"\nlib_path = "src/shop_lib"\n')
    (lab.root / "notebooks/sub").mkdir(parents=True)
    project = Project.at(lab.root / "notebooks/sub")
    assert (project.root, project.lib_name, project.lib_folder) == (
        lab.root,
        "shop_lib",
        "src/shop_lib",
    ) and project.nbs == lab.root / "notebooks"
