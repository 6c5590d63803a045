"The panel's side of the kernel: who may look, who may act, and what becomes of an act, in real kernels."

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kernel_support import Driver, driving, everything_written, ledger_text, make_project
from panel_support import Panel, Refused, capability_of, done_of

from comprehend_nb.panel.protocol import SOURCES, typescript

TS = Path(__file__).parents[1] / "labextension" / "src" / "protocol.ts"
FRAME = "import pandas as pd\nbirds = pd.DataFrame({'species': ['a', 'b', 'b'], 'mass': [1.0, None, 3.0]})"
WORDS = {
    "what": "share of birds whose mass was not recorded",
    "why": "a species with many gaps would pull the comparison of masses",
    "fails": "a gap written as the word unknown would not be counted",
}


def test_both_sides_have_the_same_messages() -> None:
    assert TS.read_text() == typescript(), "write typescript() of comprehend_nb/panel/protocol.py into it"


@contextmanager
def paneled(project: Path, **environ: str) -> Iterator[tuple[Driver, Panel]]:
    with driving(project, environ, load=False) as driver:
        driver.run("%load_ext comprehend_nb")
        panel = Panel(driver.kernel.client)
        panel.capability = capability_of(driver)
        yield driver, panel


@pytest.fixture(scope="module")
def open_panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Driver, Panel]]:
    with paneled(make_project(tmp_path_factory.mktemp("panel") / "p")) as both:
        yield both


def draft(panel: Panel, label: str) -> dict[str, Any]:
    found = panel.ask("drafts")
    return next(d for d in found["open"] + found.get("placing", []) if d["label"] == label)


def test_the_loop_from_a_panel(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    with paneled(project) as (driver, panel):
        driver.run(FRAME, "c1")
        assert panel.ask("summary", capability=panel.capability)["may"]
        done = panel.act(driver, "ask", at="c1", text="")
        assert done["ok"] and done["draft"] == "d1", done
        d1 = draft(panel, "d1")
        assert d1["state"] == "open" and d1["after"] == "c1" and not d1.get("here")
        assert "birds" in ledger_text(project) or "proposed" in ledger_text(project)
        assert "'mass'" not in driver.run("sorted(globals())", "c2"), "nothing ran yet"

        done = panel.act(driver, "run", draft="d1", shown=d1["code"])
        assert done["ok"], done
        d1 = draft(panel, "d1")
        assert d1["state"] == "run" and d1["here"] and d1["asks"]

        poor = dict.fromkeys(d1["asks"], "works")
        done = panel.act(driver, "explain", target="d1", shown=d1["code"], parts=poor)
        assert not done["ok"] and set(done["reasons"]) == set(d1["asks"])
        assert panel.ask("judge", target="d1", parts=poor)["reasons"] == done["reasons"]
        done = panel.act(driver, "explain", target="d1", shown=d1["code"], parts={p: WORDS[p] for p in d1["asks"]})
        assert done["ok"] and done["place"]["code"] == d1["code"] and done["place"]["after"] == "c1", done

        assert [d["label"] for d in panel.ask("drafts")["placing"]] == ["d1"], (
            "it waits until a front end has placed it"
        )
        assert panel.act(driver, "placed", draft="d1", cell="c9")["ok"]
        assert "placing" not in panel.ask("drafts")
        standing = panel.ask("marks", cells=[{"id": "c9", "source": d1["code"]}])["marks"][0]
        assert standing["label"] == "explained" and standing["ai"]
        edited = panel.ask("marks", cells=[{"id": "c9", "source": d1["code"] + "\nmore = 1"}])["marks"][0]
        assert edited["label"] == "stale" and not edited.get("understood") and "edited since" in edited["reasons"][0]
        told = panel.ask("told", cell={"id": "c9", "source": d1["code"]})
        assert told["explanations"][-1]["parts"]["what"] == WORDS["what"] and told["explanations"][-1]["who"] == "Ada"

        sums = json.loads(
            driver.run(
                "import json; print(json.dumps(next(h.__self__.weeks for h in get_ipython().events.callbacks['pre_run_cell'] if type(getattr(h, '__self__', 0)).__name__ == 'Hours')))",
                "c8",
            )
        )
        (week,) = sums.values()
        assert (week["ask_cells"], week["review_cells"], week["reason_cells"]) == (1, 1, 2) and week["reason"] > 0, week


def test_preview_and_check_from_a_panel(open_panel: tuple[Driver, Panel]) -> None:
    driver, panel = open_panel
    driver.run(FRAME, "c1")
    old = draft(panel, panel.act(driver, "ask", text="")["draft"])
    code = "light = birds[birds.mass < 2]\nlight"
    label = panel.act(driver, "edit", draft=old["label"], shown=old["code"], code=code)["draft"]
    with pytest.raises(Refused):
        panel.ticket("preview", draft=label, shown="x = 1")
    done = panel.act(driver, "preview", draft=label, shown=code)
    if not done["ok"]:
        pytest.skip(f"no preview here: {done['what']}")
    assert "+ light" in done["changes"] and done["shown"][0]["table"]["head"] == ["", "species", "mass"], done
    assert "text/html" not in json.dumps(done) and "light" not in [r["name"] for r in panel.ask("rows")["rows"]]
    assert "+ light" in draft(panel, label)["tried"]
    asked = panel.act(driver, "check", target=label)
    assert asked["item"]["text"] if asked["ok"] else asked["what"]
    assert panel.act(driver, "reject", draft=label, shown=code)["ok"]


def test_edit_and_reject_from_a_panel(open_panel: tuple[Driver, Panel]) -> None:
    driver, panel = open_panel
    driver.run(FRAME, "c1")
    old = draft(panel, panel.act(driver, "ask", text="")["draft"])
    label = panel.act(driver, "edit", draft=old["label"], shown=old["code"], code="mine = birds.mass.mean()\n")["draft"]
    fresh = draft(panel, label)
    assert fresh["code"] == "mine = birds.mass.mean()" and fresh["edited"] and label != old["label"]
    assert not panel.act(driver, "edit", draft=label, shown=fresh["code"], code="mine = (")["ok"]
    assert panel.act(driver, "reject", draft=label, shown=fresh["code"], reason="not now")["ok"]
    with pytest.raises(StopIteration):
        draft(panel, label)


def test_who_may_act(open_panel: tuple[Driver, Panel]) -> None:
    "A client that only attached may look; so may one with another's capability. Each act needs the code that was shown."
    driver, panel = open_panel
    driver.run(FRAME, "c1")
    d = draft(panel, panel.act(driver, "ask", text="")["draft"])
    manager = driver.kernel._manager
    stranger = manager.client()
    stranger.session = type(stranger.session)(
        key=manager.session.key, username="Ada", signature_scheme=manager.session.signature_scheme
    )
    stranger.start_channels()
    try:
        stranger.wait_for_ready(timeout=60)
        attached = Panel(stranger)
        assert attached.ask("rows")["rows"], "looking is free"
        for capability in ("", "guess", panel.capability):
            attached.capability = capability
            assert not attached.ask("summary", capability=capability).get("may")
            for act in (
                {"do": "run", "draft": d["label"], "shown": d["code"]},
                {"do": "ask"},
                {"do": "hide", "names": ["birds"]},
                {"do": "export"},
            ):
                with pytest.raises(Refused) as refused:
                    attached.ask("ticket", capability=capability, act=act)
                assert refused.value.kind == "capability" and "Run a cell" in refused.value.remedy
    finally:
        stranger.stop_channels()
    with pytest.raises(Refused) as refused:
        panel.ticket("run", draft=d["label"], shown=d["code"] + " ")
    assert refused.value.kind == "moved"
    assert draft(panel, d["label"])["state"] == "open", "nothing was run by any of it"


def test_a_ticket_is_good_once_and_only_for_a_person(open_panel: tuple[Driver, Panel]) -> None:
    driver, panel = open_panel
    driver.run(FRAME, "c1")
    line = panel.ticket("ask")["line"]
    driver.run(line, allow_stdin=False)
    assert "by a program" in driver.payload[0]["done"]["what"]
    assert "called back" in done_of(driver, line)["what"], "it was used up"
    line = panel.ticket("ask")["line"]
    panel.ask("cancel", ticket=line.split()[-1])
    assert not done_of(driver, line)["ok"]
    assert "called back" in done_of(driver, "%ai_panel guess")["what"]


def test_a_capability_comes_only_in_the_reply_to_a_person(tmp_path: Path) -> None:
    with driving(make_project(tmp_path / "p")) as driver:
        given = capability_of(driver)
        assert given
        driver.run("x = 1", "c1")
        assert not capability_of(driver), "said once"
        driver.run("%load_ext comprehend_nb")
        assert capability_of(driver) == given, "asked for by loading"
        driver.run("%load_ext comprehend_nb", allow_stdin=False)
        assert not capability_of(driver)
        assert given not in everything_written(tmp_path / "p")


def test_rows_are_a_window(open_panel: tuple[Driver, Panel]) -> None:
    driver, panel = open_panel
    driver.run("for i in range(10_000): globals()[f'v{i:05}'] = i")
    driver.run("api_key = 'sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789'\nmarked = '<img src=x>\\u202egnp'", "c1")
    found = panel.ask("rows", first=5000, count=40)
    assert found["all"] > 10_000 and len(found["rows"]) == 40 and len(json.dumps(found)) < 20_000
    assert panel.ask("rows", count=10**6)["rows"][:1] and len(panel.ask("rows", count=10**6)["rows"]) == 200
    by_name = {r["name"]: r for r in panel.ask("rows", filter="v00017")["rows"]}
    assert by_name["v00017"]["type"] == "int" and by_name["v00017"]["text"] == "= 17"
    secret, marked = panel.ask("rows", filter="api_key")["rows"][0], panel.ask("rows", filter="marked")["rows"][0]
    assert secret["redacted"] and "abcdefghij" not in json.dumps(secret)
    assert "\u202e" not in marked["text"]
    assert panel.ask("names", prefix="v0001")["names"][:2] == ["v00010", "v00011"]
    assert "v00017" in panel.ask("full", name="v00017")["text"]

    assert panel.act(driver, "hide", names=["v00017"])["ok"]
    assert panel.ask("rows", filter="v00017")["rows"][0]["hidden"] == "you"
    assert "v00017" not in panel.ask("names", prefix="v0001")["names"]
    with pytest.raises(Refused):
        panel.ask("full", name="v00017")
    assert panel.act(driver, "hide", names=["v00017"], hide=False)["ok"]
    assert not panel.ask("rows", filter="v00017")["rows"][0].get("hidden")


def test_what_changed_since_the_last_request_is_marked(open_panel: tuple[Driver, Panel]) -> None:
    driver, panel = open_panel
    driver.run("kept, grown, bound = 'abcdefgh', [1, 2, 3], {'a': 1}", "c1")
    panel.act(driver, "ask", text="")
    driver.run("grown.append(4); bound = {'b': 2}; fresh = [0]", "c1")
    change = {
        r["name"]: r.get("change", "")
        for n in ("kept", "grown", "bound", "fresh")
        for r in panel.ask("rows", filter=n)["rows"]
    }
    assert (change["kept"], change["grown"], change["bound"], change["fresh"]) == ("", "changed", "rebound", "added")


def test_it_answers_while_a_cell_runs(open_panel: tuple[Driver, Panel]) -> None:
    "On a subshell; the panel's questions come through, whatever the main shell does."
    driver, _ = open_panel
    client = driver.kernel.client
    client.control_channel.send(client.session.msg("create_subshell_request"))
    made = client.get_control_msg(timeout=60)["content"]
    aside = Panel(client, made["subshell_id"])
    assert aside.ask("summary")["kernel"]
    request = client.session.msg(
        "execute_request", {"code": "import time; time.sleep(4)", "silent": False, "allow_stdin": True}
    )
    start = time.monotonic()
    client.shell_channel.send(request)
    assert aside.ask("rows")["rows"] and aside.ask("drafts") is not None
    assert aside.ask("report", again=True)["working"], "in a child, whatever the kernel does"
    assert time.monotonic() - start < 4, "it waited for the cell"
    while client.get_shell_msg(timeout=60)["parent_header"].get("msg_id") != request["header"]["msg_id"]:
        pass
    while (report := aside.ask("report")).get("working"):
        time.sleep(0.1)
    figures = {f["name"]: f for f in report["figures"]}
    assert report["project"] == "birds" and figures["first answers"]["unknown"], report
    assert all(f["meaning"] for f in figures.values()) and "no cell" not in str(report["notes"])


def test_panels_hear_that_something_is_new(open_panel: tuple[Driver, Panel]) -> None:
    driver, _ = open_panel
    listener = driver.kernel._manager.client()
    listener.start_channels()
    try:
        listener.wait_for_ready(timeout=60)
        other = Panel(listener)
        first = other.heard(other.push_id)
        driver.run("y = 2", "c1")
        second = other.heard(other.push_id)
        assert second["kernel"] == first["kernel"] and second["version"] > first["version"]
        assert set(second) == {"kernel", "version", "stamp", "names"}, "who looks at no rows is sent none"
        asked = other.ask("rows", count=5, filter="heard")

        def rows_after(code: str) -> list[Any]:
            "The rows that come with the news of one cell, until all of the news is there."
            driver.run(code, "c1")
            told = [other.heard(other.push_id)]
            while "stamp" not in told[-1]:
                told.append(other.heard(other.push_id))
            return [t["rows"] for t in told if "rows" in t]

        for n in (3, 4):
            found = rows_after(f"heard = {n}")
            assert [r["text"] for r in found[0]["rows"]] == [f"= {n}"] and found[0]["version"] > asked["version"]
            assert len(found) == 1, "told once"
        assert rows_after("unseen = 4") == [], "of the rows that are looked at none changed"
        other.ask("rows", count=0)
        assert rows_after("heard = 5") == [], "nobody looks any more"
    finally:
        listener.stop_channels()


@pytest.mark.parametrize(
    "question",
    [
        {"ask": "eval"},
        {"ask": "rows", "first": "x"},
        {"ask": "full"},
        [],
        "x",
        None,
        {"ask": "outputs", "draft": "d99"},
    ],
)
def test_a_wrong_question_is_refused(open_panel: tuple[Driver, Panel], question: Any) -> None:
    _, panel = open_panel
    panel.n += 1
    panel._send("comm_msg", {"comm_id": panel.ask_id, "data": {"n": panel.n, "v": 1, "q": question}})
    assert panel.heard(panel.ask_id, panel.n)["no"]["what"]
    assert panel.ask("summary"), "and the next one is answered"


def test_a_notebook_too_long_to_mark_says_so(open_panel: tuple[Driver, Panel]) -> None:
    _, panel = open_panel
    with pytest.raises(Refused, match="too long"):
        panel.ask("marks", cells=[{"id": "c", "source": "x" * (SOURCES + 1)}])


def test_without_the_extension_the_comm_closes(tmp_path: Path) -> None:
    with driving(make_project(tmp_path / "p"), load=False) as driver:
        panel = Panel(driver.kernel.client)
        assert panel.heard(panel.ask_id) == {"closed": True}
        driver.run("%load_ext comprehend_nb")
        again = Panel(driver.kernel.client)
        assert again.ask("summary")["rules"]
        driver.run("%unload_ext comprehend_nb")
        gone = Panel(driver.kernel.client)
        assert gone.heard(gone.ask_id) == {"closed": True}
