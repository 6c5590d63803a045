"""Checks on real data in real forks: what is asked, how it is graded, and that neither harms nor tells."""

from __future__ import annotations

import random
from importlib.resources import files
from typing import Any

import pandas as pd
import pytest
from checks_support import forks
from hypothesis import given, settings
from hypothesis import strategies as st

from comprehend_nb.cells import parse
from comprehend_nb.checks import Counterfactual, Item, Predict, explore, matches, subject_of
from comprehend_nb.checks.items import change_of
from comprehend_nb.checks.pool import CannotAsk, source_of

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


@pytest.mark.parametrize(
    ("code", "why"),
    [("raise OSError\nx = 1", "OSError"), ("while True: x = 1", "come to an end"), ("import os\ndel os", "leaves nothing")],
)
def test_what_cannot_be_asked_about_is_said(live: dict[str, Any], code: str, why: str) -> None:
    with pytest.raises(CannotAsk, match=why):
        explore(subject_of(parse(code), {}), forks({}, timeout=0.5), random.Random(1))


def test_chance_is_not_asked_about() -> None:
    code = "import random\nr = random.SystemRandom().random()\nn = len(str(int(r * 0 + 5)))"
    pool = explore(subject_of(parse(code), {}), forks({}), random.Random(1))
    assert all(f.template != "{}" or f.form != "float" for f in pool.base.facts.values())


# --- grading


def spellings(rows: int, columns: int) -> list[str]:
    return [f"{rows}x{columns}", f"({rows}, {columns})", f"{rows} rows and {columns} columns", f"{columns} columns and {rows} rows", f"{rows:,} x {columns}", f" {rows} by {columns}."]


@given(st.integers(0, 10**6), st.integers(0, 10**4), st.integers(-3, 3), st.integers(-3, 3))
def test_a_shape_is_read_in_every_spelling_and_no_other_shape_is_taken_for_it(rows: int, columns: int, more: int, wide: int) -> None:
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
    value = {"number": "3", "float": "3.25", "shape": "3x4", "type": "list", "text": "abc", "list": "[1, 2]", "truth": "True", "error": "KeyError"}[form]
    assert matches(text, form, value) in (True, False)
