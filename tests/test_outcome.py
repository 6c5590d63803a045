"""What `observe` sees and what it never does, on values that are nasty on purpose."""

import json
import time
import zlib
from collections import OrderedDict
from typing import Any

import numpy as np
import pandas as pd
import pytest

from comprehend_nb import marks
from comprehend_nb.outcome import Change, Outcome, observe


def run(source: str, space: dict[str, Any]) -> Outcome:
    before = observe(space, source)
    error = None
    try:
        exec(source, space)
    except Exception as e:
        error = e
    return before.outcome(space, error=error, seconds=1.5, cpu_seconds=1.0)


def names(changes: tuple[Change, ...]) -> list[str]:
    return [c.name for c in changes]


class Meta(type):
    def __hash__(cls) -> int:
        raise AssertionError("ran")

    def __getattribute__(cls, name: str) -> Any:
        raise AssertionError(f"ran: {name}")


class Hostile:
    def __eq__(self, other: object) -> bool:
        raise AssertionError("ran")

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"ran: {name}")

    __hash__ = __len__ = __iter__ = __repr__ = __str__ = __bool__ = __array__ = __eq__  # type: ignore[assignment]


class Odd(metaclass=Meta):
    pass


class SubFrame(pd.DataFrame):
    def __len__(self) -> int:
        raise AssertionError("ran")


def test_one_element_of_an_array() -> None:
    done = run("a[123_456] = 1", {"a": np.zeros(1_000_000), "b": np.zeros(3)})
    assert names(done.changed) == ["a"]
    assert not done.rebound
    assert "other values" in done.text()


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.zeros((40, 50)).T,
        lambda: np.zeros((40, 50))[::2, ::3],
        lambda: np.zeros((40, 50))[::-1],
        lambda: np.zeros((40, 50), "M8[s]"),
        lambda: np.zeros((40, 50), object),
        lambda: np.asfortranarray(np.zeros((40, 50))),
        lambda: np.zeros((40, 50), "i4,f8"),
        lambda: np.zeros((40, 50), "S3"),
    ],
)
def test_any_layout(make: Any) -> None:
    assert names(run("a[3, 4] = 7", {"a": make()}).changed) == ["a"]
    assert run("a[3, 4]", {"a": make()}) == Outcome(seconds=1.5, cpu_seconds=1.0)


def test_aliases_and_views() -> None:
    a = np.zeros(9)
    space = {"a": a, "same": a, "part": a[2:], "apart": a.copy(), "box": [a]}
    assert names(run("a[5] = 1", space).changed) == ["a", "same", "part"]
    assert names(run("box[0][5] = 2", space).changed) == ["a", "same", "part", "box"]
    assert names(run("part[:] = 3", space).changed) == ["a", "same", "part"]


def test_a_frame() -> None:
    space = {"p": pd.DataFrame({"kg": [1.0, 2.0], "sex": ["m", None]})}
    assert run("p['bmi'] = p.kg * 2", space).text() == "~ p 2x2 -> 2x3, +1 column bmi"
    assert names(run("p.loc[1, 'sex'] = 'f'", space).changed) == ["p"]
    assert run("del p['kg']", space).text() == "~ p 2x3 -> 2x2, -1 column kg"
    assert names(run("p.index = [5, 6]", space).changed) == ["p"]
    assert names(run("p.columns = ['sex', 'b']", space).changed) == ["p"]
    assert run("p.describe(); p.values; p.groupby('sex').sum(); p.T", space).text() == ""
    assert run("s = p['b']", space).text() == "+ s  Series 2"


def test_looking_at_a_frame_of_many_blocks_changes_nothing() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    for k in range(20):
        frame[f"c{k}"] = float(k)
    assert run("f.values; f.sum(); f._consolidate_inplace()", {"f": frame}).text() == ""


def test_containers() -> None:
    space: dict[str, Any] = {"xs": [1, 2], "d": {"a": {"b": [1]}}, "s": {1, 2}, "n": [-1], "t": [1]}
    assert run("xs.append(3)", space).text() == "~ xs list of 2 -> list of 3"
    assert names(run("d['a']['b'][0] = 2", space).changed) == ["d"]
    assert names(run("s.add(9)", space).changed) == ["s"]
    assert names(run("n[0] = -2", space).changed) == ["n"]
    assert names(run("t[0] = True", space).changed) == ["t"]
    assert run("len(xs); d['a']; s | {4}; n + t", space).text() == ""


def test_the_order_of_an_ordered_dict() -> None:
    assert names(run("d.move_to_end('a')", {"d": OrderedDict(a=1, b=2)}).changed) == ["d"]


def test_what_a_rebound_frame_was() -> None:
    done = run("f = None; del g", {"f": pd.DataFrame({"a": [1]}), "g": pd.DataFrame({"a": [1]})})
    assert done.text() == "~ f DataFrame 1x1 -> NoneType\n- g"
    assert done.removed[0].before == "DataFrame 1x1"


def test_long_lists_of_plain_values_are_read_whole() -> None:
    space = {"xs": list(range(1_000_000))}
    assert names(run("xs[777_777] = -1", space).changed) == ["xs"]
    assert run("sum(xs)", space).text() == ""


def test_nothing_of_the_persons_runs() -> None:
    space = {"h": Hostile(), "o": Odd(), "k": Odd, "f": SubFrame({"a": [1]}), "box": [Hostile()], "d": {"x": Odd()}}
    done = run("h; o; k; f; box; d; new = h", space)
    assert names(done.added) == ["new"]
    assert {"h", "o", "f", "box", "d"} <= set(done.not_checked)
    assert names(run("box.append(1)", space).changed) == ["box"]
    done = run("h = 3; del o", space)
    assert done.rebound == (Change("h", "Hostile", "int 3"),)
    assert done.removed == (Change("o", "Odd"),)


def test_removed_rebound_and_the_same() -> None:
    space: dict[str, Any] = {"x": [1, 2], "tmp": 3, "n": 1, "_": 4}
    done = run("x = [1, 2]; del tmp; n = n + 1; _ = 5; _hidden = 6", space)
    assert done.rebound == (Change("x", "list of 2", "list of 2"), Change("n", "int 1", "int 2"))
    assert done.removed == (Change("tmp", "int 3"),)
    assert not done.changed
    assert not done.added
    assert run("n = 2", space).text() == ""


def test_changes_by_way_of_a_function() -> None:
    space: dict[str, Any] = {"seen": [], "other": []}
    exec("def note(x):\n    seen.append(x)\nclass C:\n    def go(self):\n        note(1)\nc = C()", space)
    assert names(run("note(3)", space).changed) == ["seen"]
    assert names(run("c.go()", space).changed) == ["seen"]
    exec("from functools import lru_cache, partial\ncached = lru_cache(note)\nbound = partial(note, 2)", space)
    assert names(run("cached(3)", space).changed) == ["seen"]
    assert names(run("bound()", space).changed) == ["seen"]
    assert names(run("exec('other.append(1)')", space).changed) == ["other"]


def test_what_is_too_big_is_not_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks.Budget.__init__, "__defaults__", (1000,))
    space = {"a": np.zeros(1000), "b": np.zeros(10), "xs": [[1]] * 60_000}
    done = run("a[0] = 1; b[0] = 1; xs[0]", space)
    assert done.may_have_changed == ("a", "xs")
    assert names(done.changed) == ["b"]
    assert names(run("xs.append(1)", space).changed) == ["xs"]


def test_observing_does_not_get_in_the_way() -> None:
    gone: list[int] = []

    class Ends:
        def __del__(self) -> None:
            gone.append(1)

    space = {"a": np.zeros(3), "e": Ends(), "gone": gone}
    done = run("a.resize((5,)); del e; assert gone", space)
    assert done.error is None
    assert names(done.changed) == ["a", "gone"]


def test_without_xxhash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "_hasher", lambda: zlib.crc32)
    assert names(run("a[1, 2] = 1", {"a": np.zeros((9, 9))[:, ::2]}).changed) == ["a"]


def test_secrets_are_not_shown() -> None:
    key = "sk-ant-" + "api03-" + "abcDEF123" * 5
    space: dict[str, Any] = {}
    done = run(f"password = 'hunter2'; k = {key!r}; raise ValueError('no: ' + k)", space)
    assert names(done.added) == ["password", "k"]
    assert "hunter2" not in done.text()
    assert key not in json.dumps(done.to_dict())


def test_errors_and_json() -> None:
    done = run("x = 1\n1 / 0", {})
    assert done.error == ("ZeroDivisionError", "division by zero")
    assert Outcome.from_dict(json.loads(json.dumps(done.to_dict()))) == done
    assert run("%not python", {}).error is not None
    assert observe(None, "x").outcome({"y": 1}) == Outcome()  # type: ignore[arg-type]
    assert names(run("%time a.append(1)".removeprefix("%time "), {"a": [1]}).changed) == ["a"]


def test_ipython_cells() -> None:
    space = {"a": [1]}
    before = observe(space, "%time a.append(1)")
    space["a"].append(1)
    assert names(before.outcome(space).changed) == ["a"]


def test_a_thousand_names_cost_little() -> None:
    space: dict[str, Any] = {f"v{k}": [k] if k % 2 else np.zeros(9) for k in range(1000)}
    best = 9.0
    for _ in range(20):
        start = time.perf_counter()
        observe(space, "v1.append(1)").outcome(space)
        best = min(best, time.perf_counter() - start)
    assert best < 0.02  # a millisecond on a quiet machine
