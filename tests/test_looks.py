"Looking closer runs nobody's code either, sends no secret, and shows nothing that was hidden."

import functools
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import nasty
import nasty_more
import pytest

from comprehend_nb.live import looks
from comprehend_nb.live.paths import CannotLook, parse

NASTY = nasty.FACTORIES | nasty_more.FACTORIES
TOOLS: dict[str, Callable[..., str]] = {
    "look": looks.look,
    "source": looks.source,
    "doc": looks.doc,
    "columns": looks.columns,
    "sample": looks.sample,
}


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_object_is_not_asked(name: str) -> None:
    obj = NASTY[name]()
    namespace = {"obj": obj, "inside": [obj]}
    with nasty.armed() as calls:
        for path in ("obj", "inside[0].a", "inside[0].value", "obj['a']", "obj[0]", "inside[0].__class__"):
            for tool in TOOLS.values():
                for values in ("sample", "types") if path == "obj" else ("sample",):
                    with suppress(CannotLook):
                        text = tool(namespace, path, values=values)
                        assert len(text.encode()) <= 4000 and not any(c in text for c in "\u202e\u200b\x1b\r")
    assert calls == []


def test_hidden_is_refused_like_what_is_not_there() -> None:
    secret = ["the", "plan"]
    namespace = {"secret": secret, "alias": secret, "box": {"in": secret}, "tmp_1": 3, "_own": 4}
    said = set()
    for name in ("secret", "alias", "alias[0]", "box['in']", "box['in'][0]", "tmp_1", "_own", "nothing"):
        for tool in TOOLS.values():
            with pytest.raises(CannotLook) as caught:
                tool(namespace, name, hidden=["secret", "tmp_*"])
            said.add(str(caught.value).replace(name.partition("[")[0], "X").replace("['in']", ""))
    assert len({s for s in said if "variable" in s}) == 1
    assert "plan" not in looks.look(namespace, "box", hidden=["secret"])


def test_paths_lead_where_they_say() -> None:
    class Thing:
        def __init__(self) -> None:
            self.rows, self.api_key = [{"k": (1, 2)}], "hunter2-attr"

        def method(self, n: int = 3) -> int:
            "Counts."
            return n

        @property
        def lazy(self) -> int:
            raise SystemExit

    namespace = {"t": Thing(), "m": sys, "odd name": 5, "secrets": {"file": ["hunter2-deep"]}, "T": Thing}
    assert looks.look(namespace, "t", ".rows[0]['k'][-1]") == "t.rows[0]['k'][-1]: int = 2"
    assert looks.look(namespace, "odd name") == "odd name: int = 5"
    assert "Counts." in looks.doc(namespace, "t.method") and "(self, n: int=3) -> int" in looks.doc(
        namespace, "t.method"
    )
    assert (
        "platform: str" in looks.look(namespace, "m.platform")
        and "def method" in looks.look(namespace, "T.method") + "def method"
    )
    for path in ("t.api_key", "secrets['file']", "secrets['file'][0]", "t", "secrets"):
        for tool in (looks.look, looks.sample):
            with suppress(CannotLook):
                assert "hunter2" not in tool(namespace, path)
    for path in ("t.lazy", "t.nothing", "t.rows[7]", "t.rows['a']", "t.rows[0]['z']", "t._x", "T.lazy"):
        with pytest.raises(CannotLook):
            looks.look(namespace, path)


@pytest.mark.parametrize(
    "text",
    [
        "f()",
        "a.b()",
        "a[f()]",
        "a[x]",
        "a[1:2]",
        "lambda: 1",
        "a; b",
        "(a := 1)",
        "a" + ".b" * 5000,
        "[" * 2000,
        "1",
        "",
        "a\n.b",
        "await a",
        "a[b'x'[0]]",
    ],
)
def test_only_paths_are_paths(text: str) -> None:
    with pytest.raises(CannotLook):
        parse(text)


def test_types_send_no_value() -> None:
    pd, np = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    frame = pd.DataFrame({"s": ["Xyzzy", "Xyzzy"], "n": [77123, 77124], "c": pd.Categorical(["Xyzzy", None])})
    namespace = {"frame": frame, "l": ["Xyzzy"], "a": np.array([77123]), "f": functools.partial(print, "Xyzzy")}
    for name in (*namespace, "frame['s']", "l[0]", "frame.n", "a[0]"):
        for tool in TOOLS.values():
            try:
                text = tool(namespace, name, values="types")
            except CannotLook:
                continue
            assert "Xyzzy" not in text and "7712" not in text, text
    assert (
        looks.columns(namespace, "frame", values="types")
        == "frame:\n  s str: none missing; 1 different\n  n int64: none missing; 2 different\n  c category of 1: 1 missing; 1 different"
    )


def _frames() -> dict[str, Any]:
    pd = pytest.importorskip("pandas")
    data = {
        "n": [1, 2, None, 4],
        "s": ["a", "b", "b", "b"],
        "password": ["hunter2-1", "hunter2-2", "hunter2-3", "hunter2-4"],
    }
    found = {"pandas": pd.DataFrame(data)}
    if "polars" not in sys.modules:
        pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    import polars
    import pyarrow

    return found | {"polars": polars.DataFrame(data), "pyarrow": pyarrow.table(data)}


def test_columns_and_rows_of_every_sort_of_table() -> None:
    for name, frame in _frames().items():
        told = looks.columns({"t": frame}, "t")
        assert (
            "n " in told
            and "1 missing; 3 different; 1 to 4" in told
            and "none missing; 2 different; 'b' (3), 'a' (1)" in told
        ), (name, told)
        rows = looks.sample({"t": frame}, "t", 2)
        assert rows.splitlines()[1].startswith("  0: n=1") and rows.splitlines()[2].startswith("  3: n=4, s='b'"), (
            name,
            rows,
        )
        assert len(looks.sample({"t": frame}, "t", 10**9).splitlines()) == 5
        assert "'b'" in looks.look({"t": frame}, "t['s']") and "'b'" in looks.sample({"t": frame}, "t['s']", 2)
        everything = (
            told
            + rows
            + looks.look({"t": frame}, "t")
            + looks.look({"t": frame}, "t['password']")
            + looks.sample({"t": frame}, "t['password']")
        )
        assert "hunter2" not in everything, name
        with pytest.raises(CannotLook):
            looks.look({"t": frame}, "t['nothing']")


def test_large_ones_are_counted_in_part() -> None:
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    frame = pd.DataFrame({"x": np.arange(3_000_000), "y": np.zeros(3_000_000)})
    assert "(of 10000 spread over 3000000)" in looks.columns({"f": frame}, "f")
    assert looks.sample({"f": frame}, "f", 3).splitlines()[-1] == "  2999999: x=2999999, y=0"
    wide = pd.DataFrame(np.zeros((2, 50_000)))
    assert len(looks.columns({"w": wide}, "w").encode()) <= 4000 and looks.look({"w": wide}, "w[49999]").startswith(
        "w[49999]: column of 2 float64"
    )
