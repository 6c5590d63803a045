"What a person needs to know of ninety real objects is told in ten kilobytes; and under `values = types` no value is."

import importlib.util
from pathlib import Path

import pytest
import real_objects

from comprehend_nb.live import capture, describe

HEAVY = [n for n in ("torch", "jax") if not importlib.util.find_spec(n)]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, list[real_objects.Fact]]]:
    return real_objects.everything(tmp_path_factory.mktemp("objects"))


def _missed(
    texts: dict[str, str], found: dict[str, tuple[object, list[real_objects.Fact]]]
) -> list[tuple[str, real_objects.Fact]]:
    return [
        (n, f)
        for n, (_, facts) in found.items()
        for f in facts
        if not any(one in texts[n] for one in ((f,) if isinstance(f, str) else f))
    ]


def test_facts_survive(found: dict[str, tuple[object, list[real_objects.Fact]]]) -> None:
    state = capture({name: obj for name, (obj, _) in found.items()})
    facts = sum(len(f) for _, f in found.values())
    missed = _missed({v.name: v.text for v in state.variables}, found)
    assert len(found) >= 90 and facts >= 180 and len(state.text().encode()) <= 10_000
    assert len(missed) <= 0.05 * facts, missed


def test_the_checklist_can_fail(found: dict[str, tuple[object, list[real_objects.Fact]]]) -> None:
    "Type names alone, which is what an object of no known type is told as, are far from enough."
    only = {name: type(obj).__name__ for name, (obj, _) in found.items()}
    assert len(_missed(only, found)) > 0.5 * sum(len(f) for _, f in found.values())


@pytest.mark.skipif(bool(HEAVY), reason=f"not installed, as by pip install '.[heavy]': {', '.join(HEAVY)}")
def test_of_torch_and_jax(tmp_path: Path) -> None:
    found = real_objects.heavy()
    assert len(found) == 6
    assert _missed({n: describe(n, obj) for n, (obj, _) in found.items()}, found) == []


# what stands in the objects and in no name of theirs
VALUES = [
    "0.0725", "3+4j", "Body mass", "PNG", "Grace", "Oslo", "Norway", "mse", "2026-03-01", "2007", "19.9", "1/2", "12345678", "data/raw", "(\\\\d", "first", "no column",
    "0.2027", "21.5", "3750", "Adelie", "Torgersen", "setosa", "max_iter=500", "n_estimators=50", "birds.db", "Mass by", "'SK'", "Rome", "roof", "'tea'", "growth-",
]  # fmt: skip


def test_types_send_no_value(found: dict[str, tuple[object, list[real_objects.Fact]]]) -> None:
    "Said of each value that it is told otherwise, so that the test would see one."
    everything = {name: obj for name, (obj, _) in found.items()}
    told = capture(everything, focus=list(everything)[:50]).text() + "".join(
        describe(n, o) for n, o in everything.items()
    )
    text = capture(everything, values="types").text() + "".join(
        describe(n, o, values="types") for n, o in everything.items()
    )
    for value in VALUES:
        assert value in told, f"{value} is told in no case: the test would not see it"
        assert value not in text, (value, [line for line in text.splitlines() if value in line])
