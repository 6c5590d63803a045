"""A preview leaves the live kernel as it was: its names, values, files, sockets, shared memory, random state, history, signals, collector."""

from __future__ import annotations

import doctest
import importlib
import json
import random
import sys
from collections.abc import Iterator

import pytest
from kernel_support import Driver, driving, make_project
from preview_cells import HOSTILE, SHAPES, STATE, TARGETS, VALUES
from preview_stress import beside_blas

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="a copy of the kernel can be shut in on Linux alone"
)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with driving(make_project(tmp_path_factory.mktemp("kernel") / "p"), load=False) as d:
        d.run(STATE)
        assert d.status == "ok"
        yield d


def made(count: int, seed: int) -> list[str]:
    "Cells of one to four statements, from shapes, names and values."
    rng = random.Random(seed)
    return [
        "\n".join(
            rng.choice(SHAPES).format(t=rng.choice(TARGETS), v=rng.choice(VALUES), i=rng.randrange(5))
            for _ in range(rng.randint(1, 4))
        )
        for _ in range(count)
    ]


def real(count: int) -> list[str]:
    "The examples that libraries document themselves with."
    finder, out = doctest.DocTestFinder(recurse=False), []
    for module, owner in (
        ("pandas", "DataFrame"),
        ("pandas", "Series"),
        ("numpy", ""),
        ("statistics", ""),
        ("collections", "Counter"),
        ("heapq", ""),
    ):
        space = importlib.import_module(module)
        place = getattr(space, owner) if owner else space
        for name in sorted(vars(place)):
            for test in (
                finder.find(getattr(place, name), name, globs={})
                if name[:1] != "_" and callable(getattr(place, name))
                else ()
            ):
                lines = "".join(e.source for e in test.examples)
                out += (
                    [f"import numpy as np, pandas as pd, statistics\nfrom {module} import *\n{lines}"] if lines else []
                )
    return random.Random(6).sample(sorted(set(out)), count)


def check(kernel: Driver, cells: list[str]) -> dict[str, list[str]]:
    said = kernel.run(f"print(unchanged({cells!r}))")
    found = json.loads(said.splitlines()[-1])
    assert not found["wrong"], found["wrong"]
    return dict(found)


@pytest.mark.parametrize("part", range(4))
def test_cells_that_try_to_leave_a_trace_leave_none(kernel: Driver, part: int) -> None:
    cells = HOSTILE[part::4]
    assert len(check(kernel, cells)["ended"]) == len(cells)


def test_the_check_itself_sees_what_is_run_in_the_kernel(kernel: Driver) -> None:
    "What the hostile cells would do if they were run: the known-bad beside the known-good."
    said = kernel.run(
        "b_ = state(); a[0] = 9; reading.readline(); obj.append(1); open('trace', 'w').close(); random.random(); a_ = state(); print(sorted(k for k in b_ if b_[k] != a_[k]))"
    )
    for word in ("files", "names", "places", "random"):
        assert word in said


@pytest.mark.parametrize("seed", range(3))
def test_generated_cells_leave_no_trace(kernel: Driver, seed: int) -> None:
    ended = check(kernel, made(30, seed))["ended"]
    assert ended.count("ran") >= 28, ended


def test_real_cells_leave_no_trace(kernel: Driver) -> None:
    found = check(kernel, real(25))
    assert found["ended"].count("ran") >= 23, found
    assert found["errors"].count(None) >= 15, found


def test_nothing_of_a_copy_reaches_the_front_end(kernel: Driver) -> None:
    assert "LEAK" not in kernel.run(
        "print(unchanged([\"import sys; sys.__stdout__.write('LEAK'); print('LEAK'); get_ipython().kernel.session.send(get_ipython().kernel.iopub_socket, 'stream', {'name': 'stdout', 'text': 'LEAK'})\"]))"
    )


def test_matrices_are_multiplied_in_one_thread_and_a_preview_asked_in_another(kernel: Driver) -> None:
    "A fork there froze kernels for good. benchmarks/preview.py asks 400 times."
    asked, on_main, answers = beside_blas(kernel.kernel, 12)
    assert (asked, on_main) == (6, 6)
    assert any("not asked on the kernel's main thread" in a for a in answers)
    assert all("True" in a or "cannot preview now" in a for a in answers), answers
