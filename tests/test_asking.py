"""What a person meets who asks a model: in a real kernel and in a terminal, against a real server on loopback."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from kernel_support import driving, ledger_text, make_project
from loopback import Loopback, Step, cell_json, error, propose, raw, say, tool_block

DOUBLE = "def double(x):\n    return x + x"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "p")


@pytest.fixture
def person(tmp_path: Path) -> Any:
    "The environment of a person with settings of their own, whose model is the scripted server."

    def make(server: Loopback, **settings: Any) -> dict[str, str]:
        lines = [f"base_url = {json.dumps(server.url)}", 'api_key = "its-own-key"', 'model = "tiny"']
        lines += [f"{k} = {json.dumps(v)}" for k, v in settings.items()] + [
            "[prices.tiny]",
            "input = 1.0",
            "output = 5.0",
        ]
        (tmp_path / "config.toml").write_text("\n".join(lines))
        return {"COMPREHEND_NB_CONFIG": str(tmp_path / "config.toml"), "XDG_STATE_HOME": str(tmp_path / "state")}

    return make


def sent_files(project: Path) -> list[Path]:
    return sorted((project / ".comprehend" / "local" / "sent").glob("*.json"))


def test_what_was_sent_is_kept_privately_and_the_ledger_holds_its_hash(project: Path, person: Any) -> None:
    with (
        Loopback([error(529), propose("x = 1\n" * 30), propose(DOUBLE), say("It is one.")]) as server,
        driving(project, person(server)) as d,
    ):
        d.run("value = 'a-value-that-is-sent'")
        d.run("%ai double it", "c1")
        d.run("%ai what is value?", "c2")
        assert "a-value-that-is-sent" in d.run("%ai_state --sent d1")
        assert "what is value?" in d.run("%ai_state --sent")
        assert "there is no draft 'd7'" in d.run("%ai_state --sent d7")
        bodies = [{k: v for k, v in s.body.items() if k != "stream"} for s in server.requests]
    kept = sent_files(project)
    assert len(server.requests) == 4 and len(kept) == 3  # the one that met a busy server was sent twice
    assert all(body in [json.loads(p.read_bytes()) for p in kept] for body in bodies)
    assert all(p.stat().st_mode & 0o077 == 0 for p in kept) and "its-own-key" not in "".join(
        p.read_text() for p in kept
    )
    (record,) = [r for r in map(json.loads, ledger_text(project).splitlines()) if r.get("kind") == "proposed"]
    wanted = {f"sha256:{hashlib.sha256(p.read_bytes()).hexdigest()}": p for p in kept}
    assert (
        "your reply, sent back" in wanted[record["data"]["sent"]].read_text()
    )  # that of the round which gave the proposal
    assert record["data"]["prompt_version"]
    assert "a-value-that-is-sent" not in ledger_text(project)
    ignored = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "local/" not in ignored and "ledger/" in ignored


def test_rules_send_nothing(project: Path) -> None:
    with driving(project) as d:
        d.run("gross = lambda net: net * 1.07\nshown = gross(100)")
        d.run("%ai", "c1")
        assert "Rules send nothing" in d.run("%ai_state --sent")
    assert sent_files(project) == [] and '"sent"' not in ledger_text(project)


def test_another_process_sees_what_a_server_does_and_it_is_found_out_anew_when_it_changes(
    project: Path, person: Any
) -> None:
    def no_tools(body: dict[str, Any]) -> Step:
        if "tools" in body:
            return error(400, "tools: not supported by this model")
        return say(cell_json(DOUBLE)) if "output_config" in body else say(f"Doubles.\n```python\n{DOUBLE}\n```")

    def doctor(environ: dict[str, str]) -> str:
        import os

        done = subprocess.run(
            [sys.executable, "-m", "comprehend_nb.cli", "doctor"],
            cwd=project,
            env=os.environ | environ,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return next(line for line in done.stdout.splitlines() if "what that server does" in line)

    with Loopback([no_tools]) as server:
        environ = person(server)
        assert "not found out yet; strict tool is offered first" in doctor(environ)
        with driving(project, environ) as d:
            assert "d1" in d.run("%ai double it", "c1")
        assert len(server.requests) == 2 and "structured output, as it answered on" in doctor(environ)
        with driving(project, environ) as d:
            d.run("%ai double it again", "c2")
            assert len(server.requests) == 3  # not asked again for what it cannot do
            server.steps[:] = [
                *[error(500)] * 3,
                lambda body: (
                    error(400, "output_config: Extra inputs are not permitted")
                    if "output_config" in body
                    else no_tools(body)
                ),
            ]
            assert (
                "asking for one fenced code block instead" in d.run("%ai double it once more", "c3")
                or len(server.requests) >= 5
            )
        assert "one fenced code block, as it answered on" in doctor(environ)


FAULTS = {
    "busy for good": (error(529), "overloaded (529)", "their fault"),
    "no such model": (error(404, "model: tiny"), "knows no model 'tiny'", "Check model and base_url"),
    "the key is wrong": (error(401), "does not accept the key (401)", "config.toml"),
    "a login page": (raw("<html>Sign in</html>"), "text/html", "proxy"),
    "cut off": (propose(DOUBLE, fault="truncate", after=6), "stopped before its end", "nothing of it is used"),
    "refused": (propose(DOUBLE).but(stop_reason="refusal"), "declined", "other words"),
}


def test_each_fault_is_one_line_without_a_traceback_and_costs_the_kernel_nothing(project: Path, person: Any) -> None:
    with Loopback([]) as server, driving(project, person(server)) as d:
        d.run("value = 41")
        for i, (name, (step, what, whose)) in enumerate(FAULTS.items()):
            server.steps[:] = [step] * (len(server.requests) + 9)
            out = d.run("%ai double it", f"c{i}")
            last = out.strip().splitlines()[-1]
            assert d.status == "ok" and what in last and whose in last, (name, out)
            assert "Traceback" not in out and "def double" not in out
            assert "(request req_loopback)" in last
        server.steps[:] = [propose(DOUBLE)] * (len(server.requests) + 9)
        assert "d1" in d.run("%ai double it", "c0") and d.run("value + 1") == "42"


def test_a_reply_that_stays_unusable_is_shown_as_what_it_is(project: Path, person: Any) -> None:
    two = Step(
        [tool_block(cell_json("left = 1")), tool_block(cell_json("right = 2"), id="toolu_2")], stop_reason="tool_use"
    )
    with Loopback([two]) as server, driving(project, person(server)) as d:
        out = d.run("%ai make both", "c1")
        assert "(round 2 of 3)" in out and "there are 2 calls in it: one cell is wanted" in out
        assert "its last reply, which is no proposal:" in out and "| " in out and "right = 2" in out
        assert "there is no open draft" in d.run("%ai_run")
        assert len(server.requests) == 3


def test_money_is_limited_for_a_question_a_session_and_a_day_and_shown(project: Path, person: Any) -> None:
    with Loopback([propose(DOUBLE)]) as server:
        with driving(project, person(server, request_budget_usd=0.001, day_budget_usd=2)) as d:
            assert (
                "not sent: it may cost up to" in (out := d.run("%ai double it", "c1")) and "this request's $0.00" in out
            )
            status = d.run("%ai_status")
            assert (
                "$0.0000 of $1.00 this session in 0 requests, today $0.0000 of $2.00, at most $0.00 for one question"
                in status
            )
        assert not server.requests
        with driving(project, person(server, request_budget_usd=0.5, day_budget_usd=2)) as d:
            d.run("%ai double it", "c1")
            assert (
                "of $1.00 this session in 1 request, 1 run on a copy, today $0.0" in (status := d.run("%ai_status"))
                and "at most $0.50" in status
            )
        (project / "settings.ini").write_text("[comprehend_nb]\nbudget_usd = 0.001\n")
        with driving(project, person(server)) as d:
            assert "this session's $0.00" in d.run("%ai double it", "c2")
        (project / "settings.ini").unlink()
        with driving(project, person(server, day_budget_usd=0.001)) as d:
            assert "this day's $0.00" in d.run("%ai double it", "c2")
        assert len(server.requests) == 1


# ---------------------------------------------------------------- a terminal


@pytest.fixture
def terminal(project: Path) -> Any:
    pexpect = pytest.importorskip("pexpect")
    opened: list[Any] = []

    def start(environ: dict[str, str]) -> Any:
        import os
        import signal

        child = pexpect.spawn(
            sys.executable, ["-m", "IPython", "--simple-prompt", "--colors=NoColor", "--no-banner"],
            cwd=str(project), timeout=60, encoding="utf-8", env=os.environ | environ,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a suite in the background hands down that it is ignored
        )  # fmt: skip
        opened.append(child)
        child.expect(r"In \[1\]:")
        child.sendline("%load_ext comprehend_nb")
        child.expect(r"In \[2\]:")
        return child

    yield start
    for child in opened:
        child.close(force=True)


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
def test_in_a_terminal_waiting_is_said_and_ctrl_c_gives_the_prompt_back(
    project: Path, person: Any, terminal: Any
) -> None:
    busy = error(529, headers={"retry-after": "2"})
    with Loopback(
        [busy, propose(DOUBLE).but(ttfb=60.0), propose(DOUBLE).but(fault="stall", after=9, seconds=60), propose(DOUBLE)]
    ) as server:
        child = terminal(person(server))
        child.sendline("%ai double it")
        child.expect(r"asking tiny at .*; interrupt the kernel to stop", timeout=30)
        child.expect(r"busy \(529\), trying again in 2 s \(2 of 3\)")
        for i in (1, 2):  # before the first byte, then in the middle of an answer
            assert server.wait(lambda i=i: len(server.requests) > i, 60)
            time.sleep(0.5)
            begun = time.monotonic()
            child.sendcontrol("c")
            child.expect(r"stopped; nothing was changed, and the request is in your history")
            child.expect(r"In \[\d+\]:")
            assert time.monotonic() - begun < 5  # 0.5 s where nothing else runs: benchmarks/models.py measures it
            assert server.wait(lambda i=i: i in server.aborted, 30)
            child.sendline("%ai double it")
        child.expect(r"d1 · proposed by tiny")
        child.expect(r"In \[\d+\]:")
        assert "Traceback" not in (child.before or "")


# ---------------------------------------------------------------- looking closer


def looks(*calls: tuple[str, dict[str, Any]]) -> Step:
    "A reply that asks to see something."
    return Step(
        [tool_block(json.dumps(given), name=name, id=f"toolu_{i}") for i, (name, given) in enumerate(calls)],
        stop_reason="tool_use",
    )


def test_a_look_is_shown_counted_redacted_and_refused_where_it_is_hidden(project: Path, person: Any) -> None:
    key = "sk-ant-" + "api03-" + "Zk4Qw9" * 8
    steps = [
        looks(("look", {"name": "prices", "path": "['cake']"})), looks(("source", {"name": "double"}), ("look", {"name": "plan", "path": ""})),
        looks(("look", {"name": "access", "path": ""})), propose("total = sum(prices.values())"), looks(("sample", {"frame": "prices", "n": 1})), say("It holds two prices."),
    ]  # fmt: skip
    with Loopback(steps) as server, driving(project, person(server)) as d:
        d.run(f"prices = {{'tea': 3, 'cake': 41.5}}\nplan = 'take-over'\naccess = {{'key': {key!r}}}\n{DOUBLE}")
        d.run("%ai_hide plan")
        out = d.run("%ai add the prices up", "c1")
        assert "looked at: look(prices, ['cake']); source(double); look(plan); look(access)" in out
        tails = [s.body["messages"][0]["content"][-1]["text"] for s in server.requests]
        assert (
            "41.5" in tails[1]
            and "return x + x" in tails[2]
            and "there is no variable `plan` that may be looked at" in tails[2]
            and "You looked 4 of 4 times. No look is left." in tails[3]
        )
        everything = "".join(s.text for s in server.requests)
        assert "take-over" not in everything and key not in everything
        answer = d.run("%ai what is in prices?", "c2")
        assert "It holds two prices." in answer and "looked at: sample(prices, 1)" in answer
        assert "5 looks of the model's own" in d.run("%ai_status")
        assert "looked at: sample(prices, 1)" in d.run("%ai what is in prices?", "c2")  # answered before
        fixed = {json.dumps([s.body["tools"], s.body["system"]]) for s in server.requests}
        assert len(fixed) == 1 and len(server.requests) == 6


def test_under_types_no_value_is_looked_at(project: Path, person: Any) -> None:
    (project / "settings.ini").write_text("[comprehend_nb]\nvalues = types\n")
    steps = [
        looks(
            ("sample", {"frame": "prices", "n": 2}),
            ("look", {"name": "prices", "path": ""}),
            ("columns", {"frame": "prices"}),
        ),
        propose("total = 1"),
    ]
    with Loopback(steps) as server, driving(project, person(server)) as d:
        d.run("import pandas as pd\nprices = pd.DataFrame({'cost': [777.125, 888.25]})")
        d.run("%ai add the prices up", "c1")
        seen = "".join(s.text for s in server.requests)
        assert "cost" in seen and "777" not in seen and "888" not in seen


# ---------------------------------------------------------------- proposals arrive tried


def test_a_proposal_arrives_tried_and_one_that_fails_goes_back_with_its_error(project: Path, person: Any) -> None:
    steps = [
        propose("share = prices['pie'] / 2"),
        propose("share = prices['cake'] / 2\nopen('trace', 'w').close()\nshare"),
        propose("bad = prices['x']"),
    ]
    with Loopback(steps) as server, driving(project, person(server)) as d:
        d.run("prices = {'tea': 3, 'cake': 41.5}")
        out = d.run("%ai half a cake", "c1")
        assert (
            "when it was tried it raised KeyError: 'pie'" in server.requests[1].text
            and "20.75" not in server.requests[1].text
        )
        assert "tried on a throwaway copy" in out and "share" in out.partition("tried on a throwaway copy")[2]
        assert "NameError" in d.run("share") and not (project / "nbs" / "trace").exists()
        d.run("1")
        out = d.run("%ai the price of x", "c2")  # it fails each time: shown as what it is
        assert "note: when it was tried it raised KeyError: 'x'" in out and "tried on a throwaway copy: it fails" in out
        assert len(server.requests) == 2 + 3 and "runs on a copy" in d.run("%ai_status")


def test_a_run_that_nobody_asked_for_sees_no_credential_and_nothing_hidden_and_can_be_switched_off(
    project: Path, person: Any
) -> None:
    code = "import os\ngot = [os.environ.get('SERVICE_TOKEN'), 'plan' in globals(), 'backup' in globals()]\ngot"
    with Loopback([propose(code), propose("left = prices['pie']")]) as server:
        with driving(project, person(server) | {"SERVICE_TOKEN": "tok-" + "5g7Hq2" * 5}) as d:
            d.run("plan = 'take-over'\nbackup = plan\nprices = {}")
            d.run("%ai_hide plan")
            assert "[None, False, False]" in d.run("%ai what is there", "c1")
        with driving(project, person(server, try_first=False)) as d:
            d.run("prices = {}")
            assert "throwaway" not in d.run("%ai the pie", "c2") and len(server.requests) == 2


def test_a_rule_that_would_fail_here_is_not_shown_as_if_it_worked(project: Path, tmp_path: Path) -> None:
    rules = "from comprehend_nb.models.rules import core\n@core.rule('trap', 'value', 'trap', '')\ndef trap(scene, name, obj):\n    yield core.Candidate(1.0, 'Fail', '1 / 0')\n"
    with driving(project) as d:
        d.run("rows = [{'a': 1}, {'b': 2}]")
        d.run(rules)
        out = d.run("%ai", "c1")
        assert "1 / 0" not in out and "tried on a throwaway copy: it runs" in out
        out = d.run("%ai trap", "c2")
        assert "1 / 0" in out and "it fails" in out and "ZeroDivisionError" in out


def test_a_probe_is_offered_only_where_a_person_switched_it_on(project: Path, person: Any) -> None:
    ask = looks(("probe", {"code": "max(prices.values()) * 2"}))
    boxed = looks(("probe", {"code": "max(prices.values()) * 2"}), ("probe", {"code": "box"}))
    with Loopback([ask, propose("best = 83"), boxed, propose("best = 83")]) as server:
        with driving(project, person(server)) as d:
            d.run("prices = {'tea': 3, 'cake': 41.5}")
            d.run("%ai the best", "c1")
            assert "83.0" not in server.requests[1].text and "not switched on" in server.requests[1].text
        with driving(project, person(server, probe=True)) as d:
            d.run("prices, plan = {'tea': 3, 'cake': 41.5}, ['take-over']\nbox = [plan]")
            d.run("%ai_hide plan")
            assert "looked at: probe(max(prices.values()) * 2); probe(box)" in d.run("%ai the best of all", "c1")
            assert (
                "box leads to something hidden" in server.requests[3].text
                and "take-over" not in server.requests[3].text
            )
            assert "83.0" in server.requests[3].text and "probe" in [
                t["name"] for t in server.requests[2].body["tools"]
            ]


def test_statistics_and_reprs_are_asked_of_a_copy_and_nothing_hidden_or_secret_is_said(
    project: Path, person: Any
) -> None:
    made = "class Basket:\n    def __init__(self, x): self.x = x\n    def __repr__(self):\n        seen.append(1)\n        return f'a basket, {open(\"w.txt\", \"w\")}' if self.x == 'w' else f'a basket of {len(self.x)}, sk-{\"a7Xb\" * 10}'"
    asked = [
        looks(
            ("statistics", {"name": "prices"}),
            ("repr", {"name": "b"}),
            ("repr", {"name": "h"}),
            ("repr", {"name": "w"}),
        ),
        propose("n = 1"),
    ]
    with Loopback(asked) as server, driving(project, person(server, reprs=True)) as d:
        d.run(
            f"seen, plan = [], ['take-over']\n{made}\nb, h, w, prices = Basket([1, 2]), Basket(plan), Basket('w'), [3, 4, 4]"
        )
        d.run("%ai_hide plan")
        assert "looked at: statistics(prices); repr(b); repr(h); repr(w)" in d.run("%ai how much is it", "c1")
        assert d.run("print(seen)") == "[]" and not (project / "w.txt").exists()
        told = server.requests[1].text
        assert "none missing; 3 to 4, mean 3.6667" in told and "a basket of 2, [redacted: api key]" in told
        assert (
            "leads to something hidden" in told
            and "its repr raised PermissionError" in told
            and "take-over" not in told
        )
        assert "a basket of 2" in d.run("%ai_state b --repr") and "2 different" in d.run("%ai_state prices --stats")
