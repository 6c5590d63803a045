"The demo does each thing that it says, on a machine with no key and no identity, and says so when it does not."

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from loopback import Loopback, propose, say

from comprehend_nb.demo import run as demo
from comprehend_nb.demo import steps as demo_steps
from comprehend_nb.demo import story as demo_story
from comprehend_nb.export import check
from comprehend_nb.notebooks import Project

SECRET = ("ANTHROPIC", "COMPREHEND_NB", "GIT_", "IN_TEST", "JUPYTERHUB")
FACTS = demo_story.count(demo_story.data_text())


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    "The environment of a machine on which nothing is set: no key, no git identity, no settings."
    home = tmp_path_factory.mktemp("home")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(SECRET)}
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "IPYTHONDIR": str(home / ".ipython"),
        "COLUMNS": "100",
    }


def call(*arguments):
    return [
        sys.executable,
        "-c",
        f"import sys; from pathlib import Path; from comprehend_nb.demo import run_demo; sys.exit(run_demo({', '.join(arguments)}))",
    ]


def run(bare, *arguments, **more):
    return subprocess.run(call(*arguments), env=bare | more, capture_output=True, text=True, timeout=280)


@pytest.fixture(scope="module")
def told(bare, tmp_path_factory):
    "One demo, as JSON, in a folder of its own."
    root = tmp_path_factory.mktemp("demo") / "penguins"
    done = run(bare, f"Path({str(root)!r})", "True")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def seen(told, number):
    step = told["steps"][number - 1]
    assert step["step"] == number and step["ok"] and not step["problem"]
    return {s["name"]: s["value"] for s in step["seen"]}


def test_the_document_says_what_was_done_and_how_to_open_it(told):
    assert told["ok"] and len(told["steps"]) == 8 and told["proposals_by"] == "rules, no model"
    assert told["open"].endswith(f"/jupyter lab {told['project']}")
    assert told["seconds"] < 300


def test_the_project_is_a_whole_one_in_the_demos_name(told):
    made = seen(told, 1)
    assert {"pyproject.toml", "settings.ini", "nbs/00_core.ipynb", "data/penguins.csv", "data/README.md"} <= set(
        made["files"]
    )
    assert "not a real one" in made["identity of this repository"]
    log = subprocess.run(
        ["git", "log", "--format=%an"], cwd=told["project"], capture_output=True, text=True, check=True
    ).stdout
    assert set(log.split("\n")) == {demo_story.WHO, ""}


def test_the_data_is_counted(told):
    loaded = seen(told, 2)
    assert loaded["rows"] == FACTS.rows == 344 and loaded["missing values"] == FACTS.gaps


def test_the_proposal_says_that_it_comes_from_rules(told):
    asked = seen(told, 3)
    assert "rules, no model" in asked["proposal"] and "isna" in asked["proposal"] and asked["next cell"] == "%ai_run d1"


def test_the_first_export_is_refused_with_the_reason_for_the_cell(told):
    first = seen(told, 4)
    assert len(first["refused"]) == 1 and "typical_mass_kg: nobody has run this code" in first["refused"][0]


def test_four_cells_persist_with_explanations_whose_figures_are_counted(told):
    by_step = told["steps"][4]["seen"]
    count = Counter(s["name"].split(":")[0] for s in by_step)
    assert count["cell"] == 4 == count["explained"]
    words = " ".join(s["value"]["what"] for s in by_step if s["name"] == "explained")
    assert f"{FACTS.complete} birds" in words and str(FACTS.gaps["sex"]) in words
    reasons = seen(told, 5)["filler sent back"]
    assert all(f"{part}: " in reasons for part in ("what", "why", "fails"))
    (short,) = seen(told, 5)["check"]
    assert "select_complete: no check of it was passed" in short


def test_what_a_model_proposed_is_asked_about_and_a_wrong_answer_is_refused(told):
    step = seen(told, 6)
    assert "no check of it was passed" in step["before"][0]
    assert "has passed a check" in step["said"] and step["check"] == {"understood": 3}
    assert "not so" in step["a wrong answer, about the other function"]


def test_a_change_of_meaning_is_stale_and_one_of_layout_is_nothing(told):
    changed = seen(told, 7)
    assert len(changed["refused"]) == 1 and "typical_mass_kg: stale" in changed["refused"][0]
    assert "# laid out anew" in changed["reformatted"] and changed["check"] == {"understood": 3}


def test_the_library_works_elsewhere_and_can_be_explained(told):
    out = seen(told, 8)
    assert out["len(select_complete(penguins))"] == FACTS.complete == 333
    assert out["typical_mass_kg(penguins)"] == pytest.approx(FACTS.median)
    explained = out["comprehend_nb.explain(select_complete)"]
    assert "333" in explained["what"] and explained["by"] == demo_story.WHO and "still true" in explained["note"]


def test_the_kept_project_holds(told):
    report = check(Project.at(told["project"]))
    assert report.ok and [r.symbols for r in report.rows if r.understood] != [], report.problems
    page = nbformat.read(Path(told["project"]) / "nbs" / "00_core.ipynb", as_version=4)
    nbformat.validate(page)
    code = [c.source for c in page.cells if c.cell_type == "code"]
    assert sum("def select_complete" in c for c in code) == 1  # persisted once
    assert not any(o.output_type == "error" for c in page.cells if c.cell_type == "code" for o in c.outputs)
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=told["project"], capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_for_a_person_it_is_plain_text_whatever_their_own_git_does(bare, tmp_path):
    hook = tmp_path / "hooks" / "prepare-commit-msg"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    (tmp_path / "ignored").write_text("*.csv\n")
    (tmp_path / ".gitconfig").write_text(
        f"[core]\nhooksPath = {hook.parent}\nexcludesFile = {tmp_path / 'ignored'}\n[commit]\ngpgsign = true\n[user]\nname = Ada\nemail = ada@example.org\n"
    )
    done = run(
        bare,
        HOME=str(tmp_path),
        GIT_AUTHOR_NAME="Ada",
        GIT_AUTHOR_EMAIL="ada@example.org",
        IN_TEST="1",
        PYTHONSAFEPATH="1",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout and done.stdout.count("✓") == 8
    folder = Path(done.stdout.split("jupyter lab ")[1].split()[0])
    assert (folder / "penguin_survey" / "core.py").is_file()
    assert [p.name[:11] for p in (folder / ".comprehend" / "ledger").iterdir()] == ["demo-person"]
    shutil.rmtree(folder)


def test_a_folder_that_holds_something_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine").write_text("mine")
    assert demo.run_demo(tmp_path) == 2
    assert "new or an empty folder" in capsys.readouterr().err and [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_settings_that_mean_nothing_stop_it_before_it_makes_a_folder(bare, tmp_path):
    (tmp_path / "config.toml").write_text("modle = 'rules'\n")
    done = run(bare, f"Path({str(tmp_path / 'new')!r})", COMPREHEND_NB_CONFIG=str(tmp_path / "config.toml"))
    assert done.returncode == 2 and "modle" in done.stderr and not (tmp_path / "new").exists() and done.stdout == ""


def sabotaged(monkeypatch, tmp_path, capsys, *patch):
    for name in [k for k in os.environ if k.startswith(SECRET)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COMPREHEND_NB_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setattr(*patch)
    status = demo.run_demo(tmp_path / "new", as_json=True)
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("where", "name", "value", "step", "problem"),
    [
        (demo_story, "PASTED", "x = 1", 4, "export went through"),
        (demo_story, "EDITED", demo_story.PASTED, 7, "export went through"),
        (demo_steps, "_FILLER", demo_story.look(FACTS).parts, 5, "filler passed"),
        (demo_steps, "_ELSEWHERE", "import penguin_survey.core as c; del c.nothing", 8, "cannot be used"),
    ],
)
def test_a_step_that_does_not_do_what_it_says_is_marked(
    monkeypatch, tmp_path, capsys, where, name, value, step, problem
):
    status, document = sabotaged(monkeypatch, tmp_path, capsys, where, name, value)
    assert status == 1 and not document["ok"]
    assert [s["ok"] for s in document["steps"]] == [True] * (step - 1) + [False]
    assert problem in document["steps"][-1]["problem"]


def kernels():
    "Kernels that run now, by their process."
    found = set()
    for p in Path("/proc").glob("[0-9]*"):
        try:
            if b"ipykernel_launcher" in (p / "cmdline").read_bytes():
                found.add((int(p.name), os.readlink(p / "cwd")))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_at_any_time_it_leaves_no_kernel(bare, tmp_path, how):
    root = tmp_path / "stopped"
    process = subprocess.Popen(
        call(f"Path({str(root)!r})"), env=bare, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    mine = lambda: [k for k, cwd in kernels() if cwd.startswith(str(root))]  # noqa: E731
    until = time.monotonic() + 60
    while not mine() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.02)
    assert mine(), "the kernel was never seen"
    process.send_signal(how)
    _, err = process.communicate(timeout=20)
    if how == signal.SIGINT:
        assert (
            process.returncode == 130
            and f"Stopped. What there is of the project is in {root}" in err
            and "Traceback" not in err
        )
        assert not mine()
    while mine() and time.monotonic() < until:  # where we could not say goodbye, the kernel finds out by itself
        time.sleep(0.1)
    assert not mine()


MODELLED = {
    "count the missing": "gaps = penguins.isna().sum()\ngaps.sort_values()",
    "keep the rows": "penguins_complete = penguins.dropna()\nlen(penguins_complete)",
    "make that step": '#| export\ndef select_complete(penguins):\n    "Rows of penguins that lack nothing."\n    return penguins.dropna()',
    "a test cell": "kept = select_complete(penguins)\nassert len(kept) == 333\nassert not kept.isna().any().any()",
}


def answering(codes):
    def script(body):
        text = json.dumps(body["messages"][-1], ensure_ascii=False)
        found = [code for wish, code in codes.items() if wish in text]
        return propose(found[-1]) if found else say("I do not know.")

    return script


def with_model(bare, tmp_path, codes):
    with Loopback([answering(codes)]) as server:
        done = run(
            bare,
            f"Path({str(tmp_path / 'new')!r})",
            "True",
            ANTHROPIC_BASE_URL=server.url,
            COMPREHEND_NB_API_KEY="sk-ant-demo-secret-key-0123456789",
        )
    assert done.returncode == 0, done.stdout + done.stderr
    written = b"".join(p.read_bytes() for p in (tmp_path / "new").rglob("*") if p.is_file())
    assert b"sk-ant-demo-secret" not in written + done.stdout.encode()
    return json.loads(done.stdout), len(server.requests)


def test_where_there_is_a_model_it_proposes(bare, tmp_path):
    told, requests = with_model(bare, tmp_path, MODELLED)
    assert requests == 4 and "no model" not in told["proposals_by"]
    assert "penguins.isna().sum()" in seen(told, 3)["proposal"] and "rules" not in seen(told, 3)["proposal"]


def test_where_a_models_proposal_cannot_serve_rules_go_on_and_that_is_said(bare, tmp_path):
    codes = MODELLED | {"keep the rows": "penguins_complete = penguins.dropna(subset=['body_mass_g'])"}
    told, requests = with_model(bare, tmp_path, codes)
    assert requests == 2 and told["proposals_by"] == "rules, no model"
    assert "it is not so that len(penguins_complete)" in seen(told, 5)["the model's proposal cannot serve, rules go on"]
