"""Checks on real data in real forks: what is asked, how it is graded, and that neither harms nor tells."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from checks_support import forks
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_support import Driver, driving, git, ledger_text, make_project

from comprehend_nb.cells import parse
from comprehend_nb.checks import Counterfactual, Item, Predict, explore, matches, subject_of
from comprehend_nb.checks.items import change_of
from comprehend_nb.checks.pool import TIMEOUT, CannotAsk, source_of
from comprehend_nb.checks.replay import replay
from comprehend_nb.demo.headless import new_page
from comprehend_nb.trial import Trial

CELLS = {
    "keep": "complete = penguins.dropna()",
    "ratio": "penguins = penguins.assign(ratio=penguins['bill_length_mm'] / penguins['bill_depth_mm'])\nheavy = penguins[penguins['body_mass_g'] > 4000]",
    "group": "mass = penguins.groupby('species')['body_mass_g'].mean() / 1000",
    "function": "#| export\ndef select_complete(penguins, least=2):\n    full = penguins.dropna()\n    return full[full.groupby('island')['species'].transform('count') > least]",
    "loop": "kinds = {}\nfor kind in penguins['species']:\n    kinds[kind] = kinds.get(kind, 0) + 1\nmost = max(kinds, key=kinds.get)",
}


@pytest.fixture(scope="module")
def live() -> dict[str, Any]:
    return {"pd": pd, "penguins": pd.read_csv(str(files("comprehend_nb") / "data" / "penguins.csv"))}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_on_real_data_is_asked_about_and_nothing_of_it_lasts(live: dict[str, Any], name: str) -> None:
    before, cell = live["penguins"].copy(), parse(CELLS[name])
    pool = explore(subject_of(cell, live), forks(live), random.Random())
    items = [i for _ in range(12) if (i := Counterfactual().draw(pool, random.Random()))]
    assert len({i.id for i in items}) > 3
    for item in items:
        assert item.right(item.value), item
        assert not item.right("I do not know"), item
        assert item.options or item.value != item.now, item
    assert live.keys() == {"pd", "penguins"}
    assert live["penguins"].equals(before)


def test_the_answer_is_what_running_the_question_gives(live: dict[str, Any]) -> None:
    cell = parse(CELLS["group"])
    pool = explore(subject_of(cell, live), forks(live), random.Random(5))
    for seed in range(6):
        item = Counterfactual().draw(pool, random.Random(seed))
        assert item is not None
        change = change_of(item.spec, cell.code, [])
        assert change is not None
        again = explore_once(live, source_of(cell.code, item.roots, change), item)
        assert again == item.value


def explore_once(live: dict[str, Any], source: str, item: Item) -> str | None:
    from comprehend_nb.checks.pool import NAMES, ran

    got = ran(forks(live)([source], NAMES)[0])
    fact = got.get((item.root, item.template)) if got else None
    return fact.value if fact else None


def test_a_prediction_is_asked_only_where_the_likeliest_answer_is_no_safe_bet(live: dict[str, Any]) -> None:
    pool = explore(subject_of(parse(CELLS["keep"]), live), forks(live), random.Random(2))
    item = Predict().draw(pool, random.Random(2))
    assert item is not None
    assert "When this cell runs" in item.text()
    assert item.value not in item.text()


FITTED = "filled = SimpleImputer(strategy='median').fit([[7, 2, 3], [4, float('nan'), 6], [10, 5, 9]])"
NAMED = "measures = [('total', sum), ('most', max), ('least', min, 'of all')]"


@pytest.mark.parametrize(
    ("code", "template"), [(FITTED, "{}.statistics_.tolist()"), (NAMED, "[len({}), len({}[0]), len({}[-1])]")]
)
def test_what_has_no_short_value_of_its_own_is_asked_about_by_what_it_holds(code: str, template: str) -> None:
    from sklearn.impute import SimpleImputer

    live = {"SimpleImputer": SimpleImputer}
    pool = explore(subject_of(parse(code), live), forks(live), random.Random(4), most=60, seconds=60)
    drawn = [i for seed in range(40) if (i := Counterfactual(("typed", "together")).draw(pool, random.Random(seed)))]
    items = [i for i in drawn if i.template == template and i.form == "list"]
    assert items, {(i.template, i.form) for i in drawn}
    for item in items:
        change = change_of(item.spec, parse(code).code, [])
        assert change is not None
        assert explore_once(live, source_of(parse(code).code, item.roots, change), item) == item.value
        assert item.right(item.value.strip("[]"))
        assert not item.right("[9, 9, 9]")


def test_a_recorded_question_about_several_things_is_run_again_and_a_changed_cell_moves_it() -> None:
    cell = parse(NAMED)
    pool = explore(subject_of(cell, {}), forks({}), random.Random(4), most=60, seconds=60)
    item = Counterfactual(("together",)).draw(pool, random.Random(1))
    assert item is not None
    data = {"item": json.loads(json.dumps(item.to_dict())), "base": [], "inputs": {}}
    assert replay(data, cell.code, [], forks({})).holds
    other = replay(
        data,
        cell.code.replace("('total', sum)", "('total', sum, 0, 0)").replace("'of all'", "'of', 'all', 1"),
        [],
        forks({}),
    )
    assert other.moved
    assert not other.holds


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise OSError\nx = 1", "OSError"),
        ("while True: x = 1", "come to an end"),
        ("import os\ndel os", "leaves nothing"),
    ],
)
def test_what_cannot_be_asked_about_is_said(live: dict[str, Any], code: str, why: str) -> None:
    with pytest.raises(CannotAsk, match=why):
        explore(subject_of(parse(code), {}), forks({}, timeout=0.5), random.Random(1))


def test_a_variation_that_never_ends_is_given_up_soon() -> None:
    patience: list[float] = []
    fork = forks({})

    def runner(sources: Sequence[str], watch: Collection[str], timeout: float = TIMEOUT) -> list[Trial]:
        patience.append(timeout)
        return fork(sources, watch, timeout)

    pool = explore(
        subject_of(parse("n, left = 0, 40\nwhile left > 0:\n    left -= 4\n    n += 1"), {}),
        runner,
        random.Random(1),
        most=12,
    )
    assert pool.variants, "some variations end, and can be asked about"
    assert patience == [TIMEOUT, *[max(1.0, 4 * pool.base.seconds)] * 2]


def test_chance_is_not_asked_about() -> None:
    code = "import random\nr = random.SystemRandom().random()\nn = len(str(int(r * 0 + 5)))"
    pool = explore(subject_of(parse(code), {}), forks({}), random.Random(1))
    assert all(f.template != "{}" or f.form != "float" for f in pool.base.facts.values())


# --- grading


def spellings(rows: int, columns: int) -> list[str]:
    return [
        f"{rows}x{columns}",
        f"({rows}, {columns})",
        f"{rows} rows and {columns} columns",
        f"{columns} columns and {rows} rows",
        f"{rows:,} x {columns}",
        f" {rows} by {columns}.",
    ]


@given(st.integers(0, 10**6), st.integers(0, 10**4), st.integers(-3, 3), st.integers(-3, 3))
def test_a_shape_is_read_in_every_spelling_and_no_other_shape_is_taken_for_it(
    rows: int, columns: int, more: int, wide: int
) -> None:
    for said in spellings(rows + more, columns + wide) if rows + more >= 0 and columns + wide >= 0 else []:
        assert matches(said, "shape", f"{rows}x{columns}") == (more == wide == 0), said


@given(st.integers(-(10**8), 10**8), st.integers(-50, 50))
def test_a_number_is_read_in_every_spelling_and_no_other_is_taken_for_it(n: int, off: int) -> None:
    for said in (str(n + off), f"{n + off:,}", f"= {n + off}", f"{n + off} rows", f"it is {n + off}.", f"{n + off}.0"):
        assert matches(said, "number", str(n)) == (off == 0), said


@given(st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-9), st.integers(3, 12))
def test_a_float_is_right_to_the_digits_that_are_stated(x: float, digits: int) -> None:
    assert matches(f"{x:.{digits}g}", "float", repr(x))
    assert matches(repr(x), "float", repr(x))
    if x:
        assert not matches(repr(x * 1.02), "float", repr(x))
        assert not matches(repr(-x), "float", repr(x))


@settings(max_examples=300)
@given(st.text(max_size=60), st.sampled_from(["number", "float", "shape", "type", "text", "list", "truth", "error"]))
def test_no_text_makes_the_grader_fail(text: str, form: str) -> None:
    value = {
        "number": "3",
        "float": "3.25",
        "shape": "3x4",
        "type": "list",
        "text": "abc",
        "list": "[1, 2]",
        "truth": "True",
        "error": "KeyError",
    }[form]
    assert matches(text, form, value) in (True, False)


# --- in a kernel

WAITS = "__import__('comprehend_nb.session.quiz', fromlist=['x'])._pending[get_ipython()._comprehend_nb.session]"
COST = "#| export\ndef cost(n, fast=False):\n    return n * 4 + (5 if fast else 0)"
SAID = "what: price of a parcel by its weight, a surcharge for express\nwhy: the shop shows it before somebody pays\nfails: text instead of a weight is repeated four times"


def the_answer(d: Driver) -> str:
    "What the person would have to say: looked up in the kernel, which never shows it."
    return d.run(f"print([w.item.value for w in {WAITS}.values() if w.item][-1])")


def checked(project: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in ledger_text(project).splitlines()]
    return [line["data"] for line in lines if line.get("kind") == "checked"]


def test_a_question_its_wrong_and_its_right_answer_and_the_standing(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    (project / "settings.ini").write_text("[comprehend_nb]\nother = verified\n")
    with driving(project) as d:
        d.run(f"{COST}\nshown = cost(6)", "c1")
        d.run(f"%%ai_explain cost\n{SAID}", "c2")
        assert "no check of it was passed (%ai_check cost)" in d.run("%ai_status")
        question = d.run("%ai_check", "c3")
        assert d.handed == "%ai_check cost = "
        assert d.run("%ai_check cost", "c3") == question, "asking again draws another question"
        assert "empty answer" in d.run("%ai_check cost = ", "c4")
        right = the_answer(d)
        assert question.splitlines()[-1] == "answer: %ai_check cost = ..."
        asked = next(line for line in question.splitlines() if "What is" in line).split("What is")[1]
        assert not re.search(rf"(?<![\w.]){re.escape(right)}(?![\w.])", asked)
        wrong = d.run("%ai_check cost = no idea", "c4")
        assert "not so" in wrong
        assert right not in wrong.replace("in 20 s", "")  # the pause, which may hold the digits of the answer
        assert "comes in" in d.run("%ai_check cost", "c5")
        d.run("import comprehend_nb.session.quiz as q; q.PAUSE = 0")
        assert d.run("%ai_check cost", "c6") != question, "the same question again"
        assert "has passed a check" in d.run(f"%ai_check cost = {the_answer(d)}", "c7")
        assert "every cell that ran here has what its export would need" in d.run("%ai_status")
        assert "no question about cost waits" in d.run("%ai_check cost = 3", "c8")
    first, last = checked(project)
    assert (first["verdict"], last["verdict"]) == ("failed", "passed")
    assert "item" not in first
    assert last["base"]
    assert last["item"]["value"]


def test_what_is_never_asked_about_and_who_is_never_asked(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    with driving(project) as d:
        d.run("RATE = 7", "c1")
        d.run("xs = [x * RATE for x in range(9)]", "c2")
        assert "imports and constants" in d.run("%ai_check RATE", "c3")
        assert "being run by a program" in d.run("%ai_check xs", "c4", allow_stdin=False)
        assert "no cell that ran in this kernel" in d.run("%ai_check nothing", "c5")
    assert checked(project) == []


def test_what_cannot_be_asked_about_is_attested_and_shown_so(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    (project / "settings.ini").write_text("[comprehend_nb]\nother = verified\n")
    with driving(project) as d:
        d.run("#| export\nhere = object()", "c1")
        d.run(
            "%%ai_explain here\nwhat: a mark that equals nothing else\nwhy: None is a value that people pass\nfails: a copy of it is another mark",
            "c2",
        )
        assert "cannot be asked about" in d.run("%ai_check here", "c3")
        assert "too little" in d.run("%ai_check here = fine", "c4")
        assert "is attested" in d.run("%ai_check here = I called it twice and compared the bytes", "c5")
        assert "every cell" in d.run("%ai_status")
    assert [c["verdict"] for c in checked(project)] == ["attested"]


def test_a_constant_moves_answers_or_does_not_and_a_docstring_never_does(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    (project / "settings.ini").write_text("[comprehend_nb]\nother = verified\n")
    gross = "#| export\ndef gross(net):\n    return net + net * RATE // 100"
    with driving(project) as d:
        d.run("#| export\nRATE = 7", "c1")
        d.run(f"{gross}\nshown = gross(1300)", "c2")
        d.run(
            "%%ai_explain gross\nwhat: adds the tax to a sum\nwhy: shops show what is paid\nfails: text instead of a number raises TypeError",
            "c3",
        )
        d.run("%ai_check gross", "c4")
        d.run(f"%ai_check gross = {the_answer(d)}", "c5")
        fine = "every cell that ran here has what its export would need"
        while "has passed" not in d.run(f"print({WAITS} and 1)") and fine not in d.run("%ai_status", "c6"):
            d.run("%ai_check gross", "c4")
            d.run(f"%ai_check gross = {the_answer(d)}", "c5")
        d.run("#| export\nRATE = 3 + 4", "c1")
        assert fine in d.run("%ai_status", "c6"), "another spelling of the same constant made it stale"
        d.run("#| export\nRATE = 9", "c1")
        stale = d.run("%ai_status", "c6")
        assert "RATE was changed" in stale
        assert "was 1391 and is 1417" in stale
        d.run("#| export\nRATE = 7", "c1")
        assert fine in d.run("%ai_status", "c6")
        d.run(gross.replace("\n    return", '\n    "The sum with tax."\n    return') + "\nshown = gross(1300)", "c2")
        assert fine in d.run("%ai_status", "c6"), "a docstring made it stale"
    assert [c["verdict"] for c in checked(project) if "was" in c] == ["passed", "moved"]


def test_a_failing_input_and_an_alternative_are_tried_and_a_false_claim_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    with driving(project) as d:
        d.run("prices = [3, 8, 5, 12]", "c1")
        d.run("dear = [p for p in prices if p > 5]\nmost = max(dear)", "c2")
        assert "not so: that is not what happens" in d.run("%%ai_check most\nfails: prices = [1] -> KeyError", "c3")
        assert "has half a check" in d.run("%%ai_check most\nfails: prices = [1] -> ValueError", "c3")
        assert "has half a check" in d.run(
            "%%ai_check most\ninstead: dear = prices[:]\nmost = max(dear)\ndiffers: len(dear) = 4", "c3"
        )
        assert "noted as your word" in d.run(
            "%%ai_check most\ninstead: dear = prices\nmost = 12\ndiffers: easier to read", "c3"
        )
        assert d.run("print(prices, dear, most)") == "[3, 8, 5, 12] [8, 12] 12"
        told = d.run(
            "%%ai_explain most\nwhat: keeps 3 elements that are dear and the dearest of all\nwhy: cheap parcels need no seal\nfails: an empty list raises KeyError",
            "c4",
        )
        assert "no 3 elements" in told
        assert "no KeyError came" in told
        assert "is explained" in d.run(
            "%%ai_explain most\nwhat: keeps 2 elements that are dear and the dearest of all\nwhy: cheap parcels need no seal\nfails: an empty list raises ValueError",
            "c4",
        )
    assert [c["verdict"] for c in checked(project)] == ["refuted", "towards", "towards", "noted"]


def test_ci_runs_suspect_checks_again_and_says_what_moved(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    (project / "settings.ini").write_text("[comprehend_nb]\nother = verified\nglue = none\n")
    code = "#| export\ndef gross(net):\n    return net * RATE + 1"
    with driving(project) as d:
        d.run("#| export\nRATE = 7", "rate")
        d.run(code, "gross")
        d.run("nets = [1300, 250, 99]\nbills = [gross(n) for n in nets]", "use")
        d.run(
            "%%ai_explain gross\nwhat: adds the tax to a sum\nwhy: shops show what is paid\nfails: text instead of a number raises TypeError",
            "c3",
        )
        for _ in range(4):
            d.run("%ai_check gross", "c4")
            if "has passed" in d.run(f"%ai_check gross = {the_answer(d)}", "c5"):
                break

    def says(rate: str, *options: str) -> tuple[int, str]:
        cells = [
            "#| default_exp core",
            f"#| export\nRATE = {rate}",
            code,
            "nets = [1300, 250, 99]\nbills = [gross(n) for n in nets]",
        ]
        new_page(project / "nbs" / "00_core.ipynb", "# core\n\n> Core.", cells)
        done = subprocess.run(
            [sys.executable, "-m", "comprehend_nb.cli", "check", *options],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        return done.returncode, done.stdout + done.stderr

    assert says("7")[0] == 0, says("7")
    assert "RATE was changed" in says("3 + 4")[1]
    status, text = says("3 + 4", "--recheck")
    assert (status, "every recorded answer is the same, so it stands" in text) == (0, True), text
    status, text = says("9", "--recheck")
    assert status == 1
    assert "RATE was changed" in text
    assert re.search(r"checks run again: .*`gross\(.*\)` was \d+ and is \d+", text), text


def run_check(project: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "comprehend_nb.cli", "check"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_colleague_is_quizzed_in_a_terminal_and_sees_others_words_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path / "p")
    (project / "settings.ini").write_text("[comprehend_nb]\nglue = none\ncritical = gross\n")
    code = "#| export\ndef gross(net):\n    return net * RATE + 1"
    cells = ["#| default_exp core", "#| export\nRATE = 7", code, "bills = [gross(n) for n in [1300, 250, 99]]"]
    new_page(project / "nbs" / "00_core.ipynb", "# core\n\n> Core.", cells)
    with driving(project) as d:
        d.run("#| export\nRATE = 7", "rate")
        d.run(code, "gross")
        d.run(
            "%%ai_explain gross\nwhat: adds the tax to a sum\nwhy: shops show what is paid\nfails: text instead of a number raises TypeError",
            "c3",
        )
    status, text = run_check(project)
    assert status == 1
    assert "1 of 2 people have explained it (somebody else: comprehend-nb quiz gross)" in text
    quiz = [sys.executable, "-m", "comprehend_nb.cli", "quiz"]
    mine = subprocess.run(quiz, cwd=project, input="", capture_output=True, text=True, check=False, timeout=280)
    assert mine.returncode == 0, "that nothing waits is no fault"
    assert "nothing waits for you" in mine.stdout
    assert "comprehend-nb quiz gross" in mine.stdout
    grace = {**os.environ, "GIT_AUTHOR_NAME": "Grace", "GIT_AUTHOR_EMAIL": "grace@example.org"}
    git(project, "config", "user.name", "Grace")
    git(project, "config", "user.email", "grace@example.org")
    said = "it works\nbecause\nnever\nputs what the state takes on top\ninvoices must not leave it out\nwords in place of money end in TypeError\nno idea\n"
    done = subprocess.run(
        quiz, cwd=project, env=grace, input=said, capture_output=True, text=True, check=False, timeout=280
    )
    out = done.stdout
    assert done.returncode == 1, out + done.stderr
    assert "def gross(net):" in out
    assert "too little to learn from" in out
    assert "gross is explained" in out
    asked, wrong, after = out.partition("not so")
    assert wrong
    assert "adds the tax" not in asked, "somebody else's words were shown before one's own were given"
    assert "said, what: adds the tax to a sum" in after
    kinds = [
        json.loads(line).get("kind")
        for line in ledger_text(project).splitlines()
        if '"grace' in line or "checked" in line
    ]
    assert "checked" in kinds
    assert "of 2 people" not in run_check(project)[1], "Grace is the second one"
    for key, value in (("user.name", "Cem"), ("user.email", "cem@example.org")):
        git(project, "config", key, value)
    status = answered_right(
        monkeypatch, project, ["yields what is due with tax", "else a bill is short", "TypeError for text"]
    )
    out = capsys.readouterr().out
    before, passed, after = out.partition("gross has passed a check")
    assert status == 0, out
    assert passed
    assert "adds the tax" not in before, "somebody else's words were shown before an answer"
    assert "said, what: adds the tax to a sum" in after
    assert "said, why: invoices must not leave it out" in after
    ids = [c["id"] for c in checked(project) if "id" in c]
    assert len(ids) == len(set(ids)) >= 2, "a question that was asked before"


def answered_right(monkeypatch: pytest.MonkeyPatch, project: Path, words: list[str]) -> int:
    "The status of a quiz whose person explains in these words, and knows every answer: looked up in its kernel, which never shows it."
    from comprehend_nb.cli import main, quizzing

    kernels: list[Any] = []
    tell, said = quizzing._tell, iter(words)
    monkeypatch.setattr(quizzing, "_tell", lambda kernel, source: kernels.append(kernel) or tell(kernel, source))  # type: ignore[func-returns-value]
    looked_up = f"print([w.item.value for w in {WAITS}.values() if w.item][-1])"
    monkeypatch.setattr(
        quizzing, "_lines", lambda: lambda prompt: tell(kernels[-1], looked_up) if prompt == "answer: " else next(said)
    )
    return main(["quiz", "gross", str(project)])


def test_a_run_asks_what_it_will_give_and_the_kernel_grades_it(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    asked: list[str] = []
    answers = ["", "a list", "2 items, sure", "KeyError (80 %)"]
    with driving(project) as d:
        d.kernel.answer = lambda prompt: asked.append(prompt) or answers.pop(0)  # type: ignore[func-returns-value]
        d.run("rows = [{'a': 1}, {'b': 2}]; prices = [3, 8, 5, 12, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49]")
        assert "throwaway copy" in d.run("%ai", "c1")
        assert "you predicted" not in d.run("%ai_run d1", "c1") and not asked, "it arrived with its outcome"

        def tried(code: str, *options: str) -> str:
            d.run(f"%%ai_edit\n{code}", "c2")
            return d.run(" ".join(["%ai_run", *options]), "c3")

        assert "predicted" not in tried("dear = [p for p in prices if p > 5]")
        assert "what will `dear` be" in asked[0]
        assert (
            "as you predicted (a list)" in (said := tried("dear = [p for p in prices if p > 6]")) and "half" not in said
        )
        assert "not as you predicted (2 items)" in tried("dear = [p for p in prices if p > 7]")
        assert "as you predicted (KeyError)" in tried("dear = {}['a']")
        assert "as you predicted (14 -> 11 items): half a check" in tried(
            "dear = [p for p in prices if p > 8]", '--predict "14 -> 11 items"'
        )
        assert "not graded" in tried("dear = [p for p in prices if p > 9]", "--predict a few")
        assert len(asked) == 4, "a prediction that was given is not asked for"
    found = checked(project)
    assert [(c["verdict"], c["points"], c.get("confidence")) for c in found] == [
        ("towards", 0, None),
        ("failed", 0, 0.9),
        ("towards", 0, 0.8),
        ("towards", 1, None),
    ]


def test_an_input_that_shows_how_it_fails_and_a_change_that_no_answer_has_met(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    (project / "settings.ini").write_text("[comprehend_nb]\nother = verified\n")
    code = "#| export\ndef cost(n, fast=False):\n    return n * 4 + (EXPRESS if fast else 0)"
    with driving(project) as d:
        d.run("EXPRESS = 5", "c1")
        d.run(f"{code}\nshown = cost(6)", "c2")
        d.run(
            "%%ai_explain cost\nwhat: price of a parcel by its weight, a surcharge for express\nwhy: the shop shows it before somebody pays\nfails: nothing in place of a weight raises TypeError",
            "c3",
        )
        assert "a call `cost(...)` that raises TypeError" in d.run("%ai_check cost", "c4")
        assert "not so" in d.run("%ai_check cost = cost(-1)", "c5")
        assert "has half a check" in d.run("%ai_check cost = cost(None)", "c5")
        while "show that it fails" in (again := d.run("%ai_check cost", "c4")) or "has passed a check" not in d.run(
            f"%ai_check cost = {the_answer(d)} (80 %)", "c5"
        ):
            assert "TypeError. That is half" not in again
        d.run("EXPRESS = 6", "c1")
        stale = d.run("%ai_status", "c6")
        assert "EXPRESS was changed" in stale
        moved, unmet = (
            "the answer to a recorded question was" in stale,
            "no recorded answer depends on EXPRESS" in stale,
        )
        assert moved != unmet, "the question asked either reached EXPRESS or did not"
    found = checked(project)
    assert [c["verdict"] for c in found[:2]] == ["refuted", "towards"] and found[2]["confidence"] == 0.8


def test_a_quiz_takes_inputs_from_the_record_where_the_notebook_does_not_run(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from comprehend_nb.checks.kept import keep
    from comprehend_nb.cli.quizzing import _from_record, _ready, _tell
    from comprehend_nb.demo.headless import Kernel
    from comprehend_nb.ledger.chain import Record
    from comprehend_nb.ledger.history import History

    cell = parse("#| export\ndef total(rate):\n    return sum(nets) * rate")
    kept = keep({"nets": [1, 2.5], "rate": 9}, ["nets", "rate"])
    found: Any = SimpleNamespace(
        history=History([Record("checked", "2026-01-01T00:00:00Z", "ada", cell.fingerprint, "", {"kept": kept})])
    )
    own: Any = SimpleNamespace(cell=cell)
    cells: Any = [
        SimpleNamespace(code=s, source=s, id=str(i), where=f"a.ipynb#{i}")
        for i, s in enumerate(
            ["rate = 2", "nets = open('not/here').read()", "def total(rate):\n    return sum(nets) * rate"]
        )
    ]
    with Kernel(tmp_path) as kernel:
        (problem,) = _ready(kernel, cells)
        assert "FileNotFoundError" in problem
        assert _from_record(kernel, found, own) == ["nets", "rate"]
        assert _tell(kernel, "total(rate), [n for n in dir() if n.startswith('_r')]") == "(7.0, [])", (
            "what the notebook has is its own"
        )
