"""The loop and its promises in a real kernel, as a front end, a program and a crash meet it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from kernel_support import driving, everything_written, ledger_text, make_project
from loopback import Loopback, propose, say

GROSS = "def gross(net, rate):\n    return net * (1 + rate / 100)\nshown = gross(100, 7)"
TEST_OF_GROSS = (
    "what: pins the tax of a known sum\nwhy: a wrong rate would go unseen\nfails: breaks once gross rounds to cents"
)
DOUBLE = "#| export\ndef double(x):\n    return x + x"
TREBLE = "treble = [double(x) + x for x in range(3)]"
DOUBLED = "what: twice as much of anything\nwhy: prices come in pairs\nfails: a dictionary raises TypeError"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "p")


def model(server: Loopback) -> dict[str, str]:
    "The environment of a person whose model is the scripted server."
    return {"ANTHROPIC_BASE_URL": server.url, "COMPREHEND_NB_API_KEY": "local-key"}


def test_loop(project: Path) -> None:
    with driving(project) as d:
        d.run(GROSS, "c1")
        assert "proposed by rules, no model" in d.run("%ai a test of gross", "c2")
        assert (d.handed, d.replaced) == ("%ai_run d1", False)
        assert "d1 ran" in d.run(d.handed, "c3")
        assert d.handed.startswith("%%ai_explain d1\nwhat: ")
        assert "not explained yet" in d.run("%%ai_explain d1\nwhat: ok", "c4")
        assert not d.replaced
        assert "is a cell of the notebook now" in d.run(f"%%ai_explain d1\n{TEST_OF_GROSS}", "c4")
        assert d.replaced
        assert "gross" in d.handed
        d.run(f"%%ai_explain d1\n{TEST_OF_GROSS}", "c4")
        assert not d.replaced, "accepted twice"
    kinds = [json.loads(line).get("kind") for line in ledger_text(project).splitlines()]
    assert kinds.count("proposed") == kinds.count("explained") - 1 == 1


@pytest.mark.parametrize(
    "text",
    ["why is df empty?", "use {df} and $df", "50% of 'x' \"y\" \\n", "what??", "{", "%%ai %ai", "drop `a`; ls !x"],
)
def test_text_arrives_as_typed(project: Path, text: str) -> None:
    with Loopback([say("fine")]) as server, driving(project, model(server)) as d:
        d.run("df = [1]")
        for form in (f"%ai {text}", f"%%ai\n{text}"):
            d.run(form)
            assert d.status == "ok"
            sent = json.dumps(server.requests[-1].body, ensure_ascii=False)
            assert json.dumps(text, ensure_ascii=False)[1:-1] in sent


def test_empty_body_asks_for_the_next_step(project: Path) -> None:
    with driving(project) as d:
        d.run(GROSS)
        assert "rules, no model" in d.run("%%ai\n")
        assert "rules, no model" in d.run("%ai")
        assert "rules, no model" in d.run("%ai --hint")
        assert not d.handed


def test_what_would_be_sent_is_shown_with_its_size_before_anything_is_sent(project: Path) -> None:
    with Loopback([say("fine")]) as server, driving(project, model(server)) as d:
        d.run("rates = [7, 19]\npassword = 'hunter2-is-long'")
        out = d.run("%ai_state")
        assert "rates" in out
        assert "hunter2" not in out
        assert "tokens to" in out
        assert "redacted in password: named as secret" in out
        assert "rates[1]: int = 19" in d.run("%ai_state rates[1]")
        assert "may be looked at" in d.run("%ai_state no_such_name")
        d.run("%ai_hide rates")
        assert "left out: rates (hidden)" in d.run("%ai_state")
        assert "hidden, never sent" in d.run("%ai_state rates")
        assert not server.requests
    with driving(project) as d:
        assert "read by rules, no model; nothing leaves this kernel" in d.run("%ai_state")


def test_a_blank_in_place_of_the_underscore_is_no_request(project: Path) -> None:
    with Loopback([propose(DOUBLE)]) as server, driving(project, model(server)) as d:
        for text in ("reject", "run d1", "status", "check d1"):
            assert f"The command is `%ai_{text}`" in d.run(f"%ai {text}")
        assert not server.requests
        d.run("%ai run the same again for d1")
        assert len(server.requests) == 1


def test_hiding_says_of_each_name_what_became_of_it(project: Path) -> None:
    with driving(project) as d:
        d.run("rates = [7, 19]")
        assert "rats: no variable has this name now" in d.run("%ai_hide rats rates")
        assert "note: rates: hidden" in d.run("%ai count rates")
        out = d.run("%ai_show rates other")
        assert "rates: shown again" in out
        assert "other: was not hidden" in out
        assert "note:" not in d.run("%ai count rates", "c2")


def test_a_second_run_is_not_held_against_the_preview_and_an_explanation_is_of_what_ran(project: Path) -> None:
    with Loopback([propose(DOUBLE), propose(TREBLE)]) as server, driving(project, model(server)) as d:
        d.run("%ai double it")
        assert "as its preview showed" in d.run("%ai_run d1")
        again = d.run("%ai_run --again d1")
        assert "preview" not in again
        assert "another one than before" in again
        d.run("%ai treble it")
        d.run("%ai_explain")
        assert d.handed.startswith("%%ai_explain d1")
        assert "d2 has not run yet" in d.run("%ai_explain d2")
        d.run("%%ai_edit d2\ntreble = [3 * x for x in range(4)]")
        assert "your version of: " in d.run("%ai_status")
        assert "is no option here" in d.run("%ai_run --force")


def test_settings_are_shown_by_name_and_never_the_key(project: Path) -> None:
    with Loopback([]) as server, driving(project, model(server)) as d:
        out = d.run("%ai_config model gpt")
        assert "nothing was changed" in out
        assert "persist = explained" in out
        assert "api_key" not in out


def test_status_says_how_the_server_is_asked_and_lists_few_drafts(project: Path) -> None:
    drafts = [propose(f"v{i} = {i}") for i in range(7)]
    with Loopback(drafts) as server, driving(project, model(server)) as d:
        for i in range(7):
            d.run(f"%ai number {i}", f"c{i}")
        out = d.run("%ai_status")
        assert "asked by strict tool" in out
        assert "2 earlier ones: d1 to d2" in out
        assert "d7 (open)" in out
        assert "d2 (open)" not in out


def test_same_cell_asks_once(project: Path) -> None:
    with Loopback([propose(DOUBLE)]) as server, driving(project, model(server)) as d:
        d.run("%ai double it", "c1")
        assert "answered before" in d.run("%ai double it", "c1")
        assert len(server.requests) == 1
        d.run("%ai --again double it", "c1")
        assert len(server.requests) == 2


def test_a_hostile_answer_changes_no_name_and_fetches_nothing(project: Path) -> None:
    with Loopback([]) as beacon, Loopback([]) as server:
        image = f"![x]({beacon.url}/leak.png) <img src='{beacon.url}/leak.png'>\u202e\x1b]8;;{beacon.url}\x07link"
        server.steps[:] = [propose(f"import os\nos.environ['OWNED'] = '{beacon.url}'", intent=image), say(image)]
        with driving(project, model(server)) as d:
            before = d.run("sorted(globals())")
            shown = d.run("%ai do something", "c1") + d.run("%ai why is it so?", "c2")
            assert "\u202e" not in shown
            assert "\x1b" not in shown
            assert d.run("sorted(globals())").replace("'_i3', ", "").count("OWNED") == before.count("OWNED") == 0
            assert "False" in d.run("import os\n'OWNED' in os.environ")
        assert not beacon.requests


def test_secrets_reach_no_request_ledger_journal_or_export(project: Path) -> None:
    key = "sk-ant-" + "api03-" + "Zk4Qw9" * 8
    with Loopback([propose(f"client = dict(api_key={key!r})"), say("noted")]) as server:
        with driving(project, model(server) | {"SERVICE_TOKEN": "tok-" + "5g7Hq2" * 5}) as d:
            d.run(f"api_key = {key!r}\nconfig = dict(password='hunter2-is-long', url='postgres://u:{'pw' * 8}@h/db')")
            d.run("import os\nseen = os.environ['SERVICE_TOKEN']")
            d.run(f"%ai use {key}", "c1")
            d.run("%ai_run d1", "c2")
            d.run(
                f"%%ai_explain d1\nwhat: keeps the secret {key} near\nwhy: the service wants credentials\nfails: a revoked one is refused",
                "c3",
            )
            d.run("%ai what is config?", "c4")
        sent = "".join(json.dumps(r.body) for r in server.requests)
    written = everything_written(project)
    for secret in (key, "hunter2-is-long", "pw" * 8, "tok-" + "5g7Hq2" * 5):
        assert secret not in sent
        assert secret not in written
    assert len(server.requests) >= 2


def test_a_cloned_repository_cannot_choose_the_host(project: Path) -> None:
    with Loopback([say("stolen")]) as server:
        (project / "settings.ini").write_text(f"[comprehend_nb]\nbase_url = {server.url}\n")
        with driving(project, {"ANTHROPIC_API_KEY": "sk-real"}) as d:
            assert "unknown setting" in d.run("%ai hello")
        (project / "settings.ini").unlink()
        (project / "nbs" / "config.toml").write_text(f"base_url = '{server.url}'\n")
        with driving(project) as d:
            assert "rules" in d.run("%ai hello")
        assert not server.requests


def test_a_new_host_is_asked_about_once(project: Path, tmp_path: Path) -> None:
    environ = {
        "ANTHROPIC_BASE_URL": "http://models.invalid",
        "COMPREHEND_NB_API_KEY": "k",
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    asked: list[str] = []
    with driving(project, environ) as d:
        d.kernel.answer = lambda question: asked.append(question) or "n"
        assert "nothing was sent: models.invalid is a new host" in d.run("%ai hello", "c1")
        d.kernel.answer = lambda question: asked.append(question) or "y"
        assert "new host" not in d.run("%ai hello", "c1")
        d.run("%ai --again hello", "c1")
    assert len(asked) == 2
    assert "models.invalid" in asked[0]


def test_drafts_survive_kill_and_restart(project: Path) -> None:
    with driving(project) as d:
        d.run(GROSS)
        d.run("%ai a test of gross", "c1")
        os.kill(int(d.run("import os; os.getpid()")), signal.SIGKILL)
    with driving(project) as d:
        assert "d1 (open)" in d.run("%ai_status")
        d.run(GROSS)
        assert "d1 ran" in d.run("%ai_run d1", "c2")


def test_a_restored_draft_without_its_secret_does_not_run_as_other_code(project: Path) -> None:
    key = "sk-ant-" + "api03-" + "Zk4Qw9" * 8
    with Loopback([propose(f"client = dict(api_key={key!r})")]) as server, driving(project, model(server)) as d:
        d.run("%ai make a client", "c1")
    with driving(project, model(server)) as d:
        assert "held a secret" in d.run("%ai_run d1", "c2")
        assert "NameError" in d.run("client")


def test_own_words_are_offered_after_a_restart(project: Path) -> None:
    with driving(project) as d:
        d.run(DOUBLE, "c1")
        d.run(f"%%ai_explain double\n{DOUBLED}", "c2")
    with driving(project) as d:
        d.run(DOUBLE, "c1")
        d.run("%ai_explain double", "c3")
        assert d.handed == f"%%ai_explain double\n{DOUBLED}"


def test_an_accepted_draft_is_not_explained_where_its_cell_did_not_run(project: Path) -> None:
    with Loopback([propose(DOUBLE)]) as server:
        with driving(project, model(server)) as d:
            d.run("%ai double", "c1")
            d.run("%ai_run d1", "c2")
            d.run(f"%%ai_explain d1\n{DOUBLED}", "c3")
            assert d.replaced
        before = ledger_text(project)
        with driving(project, model(server)) as d:
            assert "Run its cell first" in d.run(f"%%ai_explain d1\n{DOUBLED}", "c4")
    assert ledger_text(project) == before


@pytest.mark.parametrize("runner", ["nbclient", "papermill"])
def test_a_notebook_run_is_not_a_person(project: Path, runner: str) -> None:
    cells = [
        "%load_ext comprehend_nb",
        GROSS,
        "%%ai\na test of gross",
        "%ai_run d1",
        f"%%ai_explain d1\n{TEST_OF_GROSS}",
        "%ai_reject d1",
    ]
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = project / "nbs" / "run.ipynb"
    nbformat.write(nb, path)
    with Loopback([propose("x = 1")]) as server:
        environ = os.environ | model(server)
        if runner == "nbclient":
            command = [sys.executable, "-m", "jupyter", "execute", "--inplace", "--allow-errors", str(path)]
        else:
            command = [sys.executable, "-m", "papermill", str(path), str(path), "--cwd", str(path.parent)]
        subprocess.run(command, env=environ, cwd=path.parent, check=True, capture_output=True, timeout=120)
        assert not server.requests
    text = path.read_text()
    assert "run by a program" in text
    assert not ledger_text(project)


def test_nothing_of_ours_in_the_namespace_and_faults_are_contained(project: Path) -> None:
    with driving(project, load=False) as d:
        names = "sorted(n for n in globals() if not n.startswith('_'))"
        before = d.run(names)
        d.run("%load_ext comprehend_nb")
        assert d.run(names) == before
        assert "stopped watching cells" in d.run(
            "from comprehend_nb.session.watch import Watch\nWatch.cell_ran = lambda self, result: 1 / 0"
        )
        assert d.run("x = 1\nx + 1") == "2", "said once, and the person's cells run on"


def test_another_owner_of_ai_keeps_it(project: Path) -> None:
    with driving(project, load=False) as d:
        d.run(
            "from IPython.core.magic import register_line_cell_magic\n@register_line_cell_magic\ndef ai(line, cell=None):\n    print('theirs', line)"
        )
        assert "answers to %cnb" in d.run("%load_ext comprehend_nb")
        assert "theirs hello" in d.run("%ai hello")
        d.run(GROSS)
        assert "rules, no model" in d.run("%cnb a test of gross?")


def test_wrong_words_are_one_line(project: Path) -> None:
    with driving(project) as d:
        for cell in (
            "%ai_run d9",
            "%ai_run",
            "%%ai_explain nothing\nwhat: x",
            "%%ai_edit d1\nx = (",
            "%ai_reject",
            "%ai_explain",
        ):
            out = d.run(cell)
            assert d.status == "ok"
            assert "Traceback" not in out
            assert len(out.strip().splitlines()) == 1, out
        for magic in (
            "ai",
            "ai_state",
            "ai_run",
            "ai_edit",
            "ai_explain",
            "ai_reject",
            "ai_status",
            "ai_hide",
            "ai_show",
            "ai_config",
        ):
            assert len(d.run(f"%{magic} --help")) > 20


def test_an_edit_stays_derived_and_goes_stale(project: Path) -> None:
    with Loopback([propose(DOUBLE)]) as server, driving(project, model(server)) as d:
        d.run("%ai double", "c1")
        d.run("%%ai_edit d1\n#| export\ndef double(x):\n    return x * 2", "c2")
        assert d.handed == "%ai_run d2"
        d.run("%ai_run d2", "c3")
        d.run(f"%%ai_explain d2\n{DOUBLED}", "c4")
        assert d.replaced
        d.run("#| export\ndef double(x):\n    return x * 3", "c4")
        assert "stale: the code was edited since ada" in d.run("%ai_status")
        d.run("#| export\n# a comment\ndef double( x ):\n    return (x * 2)", "c4")
        assert "stale" not in d.run("%ai_status")
    origins = [
        r["data"].get("origin")
        for r in map(json.loads, ledger_text(project).splitlines())
        if r.get("kind") == "executed"
    ]
    assert set(origins) == {"edited"}


MEAN = "def mean_of(rows, key):\n    kept = [row[key] for row in rows if row.get(key) is not None]\n    return sum(kept) / len(kept) if kept else None"


def test_what_was_copied_by_hand_is_derived_and_what_a_person_wrote_is_theirs(project: Path) -> None:
    with Loopback([propose(MEAN)]) as server, driving(project, model(server)) as d:
        d.run("%ai the mean of a field", "c1")
        d.run(MEAN.replace("kept", "found"), "c2")
        d.run(MEAN.replace("mean_of", "average"), "c3")
        d.run("def largest(rows, key):\n    return max(rows, key=lambda row: row[key])", "c4")
        d.run("def total(rows):\n    return sum(rows)", "c5")
        d.run("%ai_status")
    records = [r for r in map(json.loads, ledger_text(project).splitlines()) if r.get("kind") == "executed"]
    assert {r["data"]["symbols"][0]: r["data"]["origin"] for r in records} == {
        "mean_of": "edited",
        "average": "edited",
        "largest": "human",
        "total": "human",
    }


def test_the_cell_that_a_draft_is_meant_to_replace_is_named(project: Path) -> None:
    with Loopback([propose("rate = 7 / 2", target="replace_cell")]) as server, driving(project, model(server)) as d:
        d.run("rate = 7 / 0", "c1")
        d.run("%ai repair it", "c2")
        d.run("%ai_run", "c3")
        out = d.run(
            "%%ai_explain\nwhat: halves the weekly figure\nwhy: nothing can be split among nobody\nfails: a weekly figure in words raises TypeError",
            "c4",
        )
        assert d.replaced
        assert "in place of the cell that binds rate" in out


def test_interrupt_returns_the_prompt(project: Path) -> None:
    import threading

    with Loopback([propose(DOUBLE).but(ttfb=20.0)]) as server, driving(project, model(server)) as d:
        d.run("import os")
        threading.Timer(2.0, d.kernel._manager.interrupt_kernel).start()
        begun = time.monotonic()
        out = d.run("%ai double", "c1")
        assert "stopped" in out
        assert time.monotonic() - begun < 10
        assert "Traceback" not in out
        server.steps[:] = [propose(DOUBLE)]
        assert "d1" in d.run("%ai double", "c1")


def test_without_a_project_the_loop_works_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "nbs").mkdir()
    with driving(tmp_path) as d:
        d.run(GROSS)
        d.run("%ai a test of gross", "c1")
        d.run("%ai_run d1", "c2")
        out = d.run(f"%%ai_explain d1\n{TEST_OF_GROSS}", "c3")
        assert d.replaced
        assert "not recorded: there is no project" in out


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
def test_terminal(project: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--simple-prompt", "--colors=NoColor", "--no-banner"],
        cwd=str(project),
        timeout=30,
        encoding="utf-8",
    )
    try:
        child.expect(r"In \[1\]:")
        for line, wanted in [
            ("%load_ext comprehend_nb", r"In \["),
            ("gross = lambda net: net * 1.07; shown = gross(100)", r"In \["),
            ("%ai why is shown empty?", "rules, no model"),
            ("%ai_run d7", "there is no draft 'd7'"),
            ("%ai_status", "visibility, not proof"),
        ]:
            child.sendline(line)
            child.expect(wanted)
            child.expect(r"In \[") if wanted != r"In \[" else None
    finally:
        child.close(force=True)


def test_exporting_after_plain_cells_needs_no_magic(project: Path) -> None:
    with driving(project) as d:
        d.run("#| export\nRATE = 7", "c1")
        assert "executed" in d.run("!cat ../.comprehend/ledger/*/*.jsonl")
        d.run("#| export\nOTHER = 7", "c2")
        time.sleep(0.3)
        assert "OTHER" in ledger_text(project)
