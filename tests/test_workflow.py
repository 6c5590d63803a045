"The gate in a team's way of working: hooks of the real pre-commit, a job with one comment, the files that `init` writes."

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from export_support import ADA, Lab, environ
from github_support import PERSON, TOKEN, GitHub

from comprehend_nb.export import export
from comprehend_nb.cli.github import MARK, GitHubError, keep_comment, pull_of
from comprehend_nb.ledger import Ledger
from comprehend_nb.workflow.setup import Plan
from comprehend_nb.workflow.hooks import template, workflow_steps

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path / "shop").sample()


def run(lab, *command, **more):
    done = subprocess.run(
        [str(c) for c in command], cwd=lab.root, env=environ() | more, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


# --- one comment


def keep(github, text, *, holds=False, **more):
    return keep_comment(pull_of(github.environ()), text, holds=holds, **more)


def test_one_comment_is_made_edited_and_never_repeated():
    with GitHub() as github:
        for _ in range(7):
            github.add("what people say", PERSON)
        assert keep(github, "all well", holds=True) == "none" and len(github.comments) == 7
        assert [keep(github, f"page {n}") for n in range(4)] == ["made", "edited", "edited", "edited"]
        assert keep(github, "page 3") == "unchanged"
        assert keep(github, "it holds", holds=True) == "edited", "what was said before is not left standing"
        assert len(github.comments) == 8 and github.bodies[-1] == f"{MARK}\nit holds"
        assert github.wrote == ["POST", "PATCH", "PATCH", "PATCH", "PATCH"] and github.tokens == {f"Bearer {TOKEN}"}


def test_somebody_elses_comment_is_never_touched():
    "Anybody may begin a comment with our mark."
    with GitHub() as github:
        theirs = github.add(f"{MARK}\nit holds, promise", PERSON)
        quoted = github.add(f"> {MARK}\nwhat about this?")
        assert keep(github, "it does not hold") == "made"
        keep(github, "it still does not hold")
        assert github.comments[theirs]["body"].endswith("promise") and "what about" in github.comments[quoted]["body"]


def test_two_comments_of_two_jobs_become_one():
    with GitHub() as github:
        first, _, _ = (github.add(f"{MARK}\nby job {n}") for n in range(3))
        assert keep(github, "now") == "edited" and list(github.comments) == [first]


@pytest.mark.parametrize(
    "script", [[502], [200, 503], [429, 200, 500], ["lost"], [None, "lost"], ["lost", None, "lost"]]
)
def test_what_fails_on_the_way_makes_no_second_comment(script):
    "The worst case is an answer that is lost after the comment was made."
    with GitHub([s for s in script if s != 200]) as github:
        assert keep(github, "page") in ("made", "unchanged")
        assert github.bodies == [f"{MARK}\npage"]


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_is_not_repeated(status):
    with GitHub([status]) as github:
        with pytest.raises(GitHubError, match=str(status)):
            keep(github, "page")
        assert len(github.seen) == 1


def test_it_gives_up_and_the_token_follows_no_redirect():
    with GitHub([503] * 9) as github:
        with pytest.raises(GitHubError, match="503"):
            keep(github, "page", tries=2)
        assert len(github.seen) == 2 and not github.comments
    with GitHub(["redirect"]) as github:
        with pytest.raises(GitHubError, match="302"):
            keep(github, "page")
        assert github.elsewhere == 0


# --- the job


def test_a_policy_loosened_by_a_push_to_the_main_line_is_seen(lab, tmp_path):
    lab.understand()
    lab.commit("All of it is understood")
    event, before = tmp_path / "event.json", lab.git("rev-parse", "HEAD").strip()
    lab.policy("other = none\n")
    lab.commit("Ask for less")
    assert run(lab, BIN / "comprehend-nb", "ci", "--no-comment")[0] == 0, "on the main line nothing is compared"
    for known, status in ((before, 1), ("0" * 40, 0), (None, 0), ("no commit", 0)):
        event.write_text(json.dumps({"before": known}))
        ended, out = run(lab, BIN / "comprehend-nb", "ci", "--no-comment", GITHUB_EVENT_PATH=str(event))
        assert ended == status and ("the policy asks less than before: other:" in out) == bool(status), out


def test_the_command_of_a_job_writes_a_summary_and_one_comment(lab, tmp_path):
    summary = tmp_path / "summary.md"
    with GitHub() as github:
        job = github.environ() | {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(tmp_path)}
        status, out = run(lab, BIN / "comprehend-nb", "ci", **job)
        assert status == 1 and "::error file=shop/nbs/00_core.ipynb,title=comprehend-nb::" in out
        lines = out.splitlines()
        stop = next(line for line in lines if line.startswith("::stop-commands::"))
        assert f"::{stop.removeprefix('::stop-commands::')}::" in lines and TOKEN not in out
        assert (
            "### comprehend-nb: it does not hold" in summary.read_text()
            and "nobody has run this code" in github.bodies[0]
        )
        lab.understand()
        status, out = run(lab, BIN / "comprehend-nb", "ci", **job)
        assert (
            status == 0
            and github.bodies[0].startswith(f"{MARK}\n### comprehend-nb: it holds")
            and "About commit 0123456789." in github.bodies[0]
        )
        lab.write(
            "09_spy",
            "# spy\n\n> Looks around.",
            "import os\nassert 'GITHUB_TOKEN' not in os.environ and 'GITHUB_SHA' in os.environ",
        )
        status, out = run(lab, BIN / "comprehend-nb", "ci", "--rerun", **job)
        assert "09_spy.ipynb: ok" in out and "comment at pull request 7: edited" in out, out
        (lab.root / "nbs/09_spy.ipynb").unlink()
        github.script[:] = [403]
        status, out = run(lab, BIN / "comprehend-nb", "ci", **job)
        assert status == 0 and "no comment: GitHub answered 403" in out and "a fork may not" in out
        assert run(lab, BIN / "comprehend-nb", "ci", "--no-comment", **job)[0] == 0 and len(github.comments) == 1


def test_what_a_notebook_is_called_gives_no_command_to_the_job(lab, tmp_path):
    lab.write(
        "02_x",
        "# x\n\n> @team ![i](http://e/i.png)",
        "#| default_exp x",
        "#| export\n```\ndef f(: pass\n::set-env name=A::b",
    )
    with GitHub() as github:
        status, out = run(lab, BIN / "comprehend-nb", "ci", **github.environ())
        obeyed, _, rest = out.partition("::stop-commands::")
        assert status != 0 and all(line.startswith("::error file=") for line in obeyed.splitlines()) and "02_x" in rest
        body = github.bodies[0]
        assert body.count("```") % 2 == 0 or "````" in body


def test_the_composite_action_runs_as_a_runner_runs_it(lab, tmp_path):
    "Its steps, with the inputs put where a runner puts them."
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    with GitHub() as github:
        given = {k: v["default"] for k, v in action["inputs"].items()} | {
            "folder": str(lab.root),
            "install": "",
            "token": TOKEN,
        }
        for step in action["runs"]["steps"]:
            if "install" in step.get("if", ""):
                assert step["env"] == {"INSTALL": "${{ inputs.install }}"}
                continue
            env = {k: given[v.removeprefix("${{ inputs.").removesuffix(" }}")] for k, v in step["env"].items()}
            status, out = run(
                lab, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"], **(github.environ() | env)
            )
            assert status == 1 and "it does not hold" in out
            status, out = run(
                lab,
                "bash",
                "--noprofile",
                "--norc",
                "-eo",
                "pipefail",
                "-c",
                step["run"],
                **(github.environ() | env | {"COMMENT": "false", "FOLDER": "--help"}),
            )
            assert status == 2, "an input is never an option"
        assert len(github.comments) == 1


def test_the_action_of_this_repository_is_the_one_that_init_writes():
    assert (ROOT / "action.yml").read_text() == template("action.yml")


# --- hooks, by the framework itself


@pytest.fixture
def hooked(lab):
    "A project with the hooks that `init` writes, installed by pre-commit; explained, exported and committed."
    (lab.root / ".gitignore").write_text("__pycache__\n.comprehend/local/\n")
    plan = Plan(lab.root)
    workflow_steps(plan)
    plan.apply()
    lab.understand()
    for name, value in (("user.name", ADA.name), ("user.email", ADA.email)):
        lab.git("config", name, value)
    export(lab.project)
    status, out = run(lab, BIN / "pre-commit", "install")
    assert status == 0, out
    return lab


@pytest.fixture(autouse=True)
def nbdev_is_found(monkeypatch):
    monkeypatch.setenv("PATH", environ()["PATH"])
    monkeypatch.delenv("IN_TEST", raising=False)


def commit(lab, *paths):
    run(lab, "git", "add", *(paths or ["-A"]))
    return run(lab, "git", "commit", "-m", "work")


def test_commits_pass_the_hooks_of_pre_commit_or_are_refused_with_the_reasons(hooked):
    status, out = commit(hooked)
    assert status == 0 and out.count("Passed") == 2, out
    hooked.edit("nbs/00_core.ipynb", "1 + RATE / 100", "1 + RATE / 1000")
    status, out = commit(hooked)
    assert status == 1 and "00_core.ipynb#c3 gross: stale" in out and "(library)" in out
    hooked.understand()
    status, out = commit(hooked, "nbs")
    assert status == 1 and "files of records" in out.replace("a file", "files") and "git add .comprehend" in out, (
        "its records would have stayed behind"
    )
    status, out = commit(hooked, "nbs", ".comprehend")
    assert status == 0, out
    hooked.edit("shop/core.py", "RATE / 100", "RATE / 10")
    status, out = commit(hooked)
    assert status == 1 and "core.py" in out and "(library)" in out, out
    (hooked.root / "README.md").write_text("x")
    hooked.git("checkout", "HEAD", "--", "shop")
    status, out = commit(hooked)
    assert status == 0 and out.count("Skipped") == 2, "what concerns neither costs nothing"


def test_the_library_hook_alone_lets_unfinished_notebooks_be_committed(hooked):
    config = yaml.safe_load((hooked.root / ".pre-commit-config.yaml").read_text())
    config["repos"][0]["hooks"] = [h for h in config["repos"][0]["hooks"] if h["id"] == "comprehend-nb-library"]
    (hooked.root / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    assert commit(hooked)[0] == 0
    hooked.write("02_new", "# new\n\n> New.", "#| default_exp new", "#| export\ndef f(x):\n    return x + 1")
    status, out = commit(hooked)
    assert status == 0, out
    assert hooked.nbdev("nbdev-export").returncode == 0
    status, out = commit(hooked)
    assert status == 1 and "exported by other means" in out


def test_a_kernel_that_writes_while_pre_commit_hides_its_lines_loses_none(hooked):
    "pre-commit takes unstaged lines of a tracked ledger away, and puts them back: the session goes on in a file of its own."
    from comprehend_nb.ledger.audit import audit
    from comprehend_nb.ledger import read

    with Ledger(hooked.root, ADA) as book:
        book.append("explained", "fp1:01", what="a")
        assert commit(hooked)[0] == 0
        book.append("explained", "fp1:02", what="b")
        (hooked.root / "nbs" / "note.ipynb").write_text(
            hooked.text("nbs/01_till.ipynb").replace("till", "tills").replace("#| export", "#|eval: true")
        )
        commit(hooked, "nbs")
        book.append("explained", "fp1:03", what="c")
    wrote = {"fp1:01", "fp1:02", "fp1:03"}
    kept = sorted(
        r.fingerprint for r in read(hooked.root).records if r.fingerprint in wrote
    )  # in files of one second: no order between them
    assert kept == sorted(wrote) and [p for p in audit(hooked.root) if p.grave] == []


def test_the_hooks_that_this_repository_offers(hooked, tmp_path):
    "As `repo:` in another project; only the language is another, because pip would fetch from the network."
    offered = tmp_path / "offered"
    offered.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", offered)
    for args in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "hooks"],
    ):
        subprocess.run(["git", *args], cwd=offered, check=True, env=environ())
    status, out = run(hooked, BIN / "pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")
    assert status == 0, out
    hooks = [
        {"id": h["id"], "language": "system"} for h in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    ]
    rev = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=offered, check=True, capture_output=True, text=True
    ).stdout.strip()
    (hooked.root / ".pre-commit-config.yaml").write_text(
        yaml.safe_dump({"repos": [{"repo": f"file://{offered}", "rev": rev, "hooks": hooks}]})
    )
    status, out = commit(hooked)
    assert status == 0 and out.count("Passed") == 2, out
    hooked.edit("nbs/00_core.ipynb", "1 + RATE / 100", "2 + RATE / 100")
    status, out = commit(hooked)
    assert status == 1 and "gross: stale" in out


def test_hooks_and_our_manifest_agree():
    from comprehend_nb.workflow.hooks import with_hooks

    said = {h["id"]: h for h in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for hook in yaml.safe_load(with_hooks(""))["repos"][0]["hooks"]:
        assert {k: said[hook["id"]][k] for k in ("name", "entry", "files", "pass_filenames")} == {
            k: hook[k] for k in ("name", "entry", "files", "pass_filenames")
        }
    assert os.access(BIN / "comprehend-nb", os.X_OK)
