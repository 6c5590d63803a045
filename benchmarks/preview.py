"""Preview: how long it takes, what it costs, what it survives. `python benchmarks/preview.py [all | latency library stress] [--prototype FOLDER] [--json]`

`all`, the default, takes about five minutes on a quiet machine and needs 18 GB of free memory for its last row; it ends with what does not hold, and status 1 where something does not.

Latency is told beside a bare double fork of the same kernel in the same run, which does nothing but copy, run and report; and, where a folder with
an earlier harness (`forkpreview.py`, `sandbox.py`) is given, beside that: a limit is met by its milliseconds or by at most twice the earlier figure of the same run. All figures are medians in milliseconds of the whole, asked for in a live kernel.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kernel_support import Driver, driving, make_project
from preview_cases import CASES
from preview_stress import beside_blas

ASKING = r"""
import json, os, statistics, sys, time
from comprehend_nb.preview import preview, trials, CannotPreview
space = get_ipython().user_ns
def bare(code):
    r, w = os.pipe(); pid = os.fork()
    if pid == 0:
        r2, w2 = os.pipe(); pid2 = os.fork()
        if pid2 == 0:
            exec(code, space); os.write(w2, b"x"); os._exit(0)
        os.close(w2); os.read(r2, 1); os.waitpid(pid2, 0); os.write(w, b"x"); os._exit(0)
    os.close(w); os.read(r, 1); os.waitpid(pid, 0); os.close(r)
def ours(code):
    o = preview(code, space, timeout=60)
    assert o.ended == "ran" and o.error is None, o
    return o
def timed(f, *args, n=9):
    times = []
    for _ in range(n):
        t = time.perf_counter(); f(*args); times.append(1000 * (time.perf_counter() - t))
    return round(statistics.median(times), 1)
def private(code):
    rollup = "\nwith open('/proc/self/smaps_rollup') as f_: print(next(l for l in f_ if l.startswith('Private_Dirty')).split()[1])"
    return round(int(ours(code + rollup).output.split()[-1]) / 1000, 1)
def prototype(folder):
    sys.path.insert(0, folder); import forkpreview
    options = dict(sandbox=True, mitigations=("threads1", "torch1", "joblib_seq"), hang_after=1.0, timeout=60.0)
    return lambda code: forkpreview.preview(get_ipython(), code, **options)
"""

# name, what is in the kernel, {cell: milliseconds that it may take at most, 0 for no limit}
SPACES = [
    ("small namespace", "x = 1", {"y = 2": 30}),
    ("10 MB array", "import numpy as np; a = np.ones(1_250_000)", {"y = 2": 30, "a[7] = 3": 0, "a.sum()": 0, "a[:] = 2": 0}),
    ("1 GB array", "import numpy as np; a = np.ones(125_000_000)", {"y = 2": 50, "a[7] = 3": 0, "a.sum()": 0}),
    ("1,000,000 small dicts", "d = [{'k': i} for i in range(1_000_000)]", {"y = 2": 300, "d.append(1)": 300}),
    ("frame of 1,000,000 rows", "import numpy as np, pandas as pd; df = pd.DataFrame({'x': np.arange(1e6), 't': ['s'] * 10**6})", {"y = 2": 50, "df.loc[:9, 'x'] = 0": 0, "df['z'] = df.x * 2": 0}),
    ("8 GB array", "import numpy as np; a = np.ones(1_000_000_000)", {"y = 2": 170, "a[7] = 3": 0}),
]  # fmt: skip
SANDBOX_MS, PRIVATE_MB, WAIT_S = 5.0, 40.0, 3.0
SANDBOX = """
import os, time
from comprehend_nb.preview.sandbox import shut_in
times = []
for _ in range(21):
    r, w = os.pipe(); pid = os.fork()
    if pid == 0:
        t = time.perf_counter(); shut_in("/tmp"); os.write(w, str(1000 * (time.perf_counter() - t)).encode()); os._exit(0)
    os.waitpid(pid, 0); times.append(float(os.read(r, 99)))
print(round(sorted(times)[10], 1))
"""


def left() -> float:
    "Gigabytes of memory that are free."
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvailable")) / 1e6


def latency(folder: Path, prototype: str) -> dict[str, Any]:
    rows, broken = [], []
    print(
        f"{'namespace':26} {'cell':22} {'preview':>9} {'limit':>7} {'bare':>8} {'earlier':>8} {'x earlier':>9} {'private MB':>10}"
    )
    for name, setup, cells in SPACES:
        if name.startswith("8 GB") and left() < 18:
            print(f"{name:26} left out: this machine has {left():.0f} GB free")
            broken.append(f"{name}: left out, too little memory")
            continue
        with driving(make_project(folder / name.replace(" ", "-")), load=False) as d:
            d.run(ASKING + setup)
            d.run(f"harness = prototype({prototype!r})" if prototype else "harness = None")
            for cell, limit in cells.items():
                said = d.run(
                    f"print(json.dumps([timed(ours, {cell!r}), timed(bare, {cell!r}), timed(harness, {cell!r}) if harness else 0, private({cell!r})]))"
                )
                mine, bare, theirs, mb = json.loads(said)
                ratio = round(mine / theirs, 2) if theirs else None
                rows.append(
                    {
                        "namespace": name,
                        "cell": cell,
                        "ms": mine,
                        "limit": limit,
                        "bare": bare,
                        "earlier": theirs,
                        "ratio": ratio,
                        "private_mb": mb,
                    }
                )
                if limit and mine > limit and (ratio is None or ratio > 2):
                    broken.append(f"{name}, {cell}: {mine} ms of {limit}")
                if mb > PRIVATE_MB:
                    broken.append(f"{name}, {cell}: {mb} MB of its own, of {PRIVATE_MB:.0f}")
                print(
                    f"{name:26} {cell:22} {mine:9} {limit or '-':>7} {bare:8} {theirs or '-':>8} {ratio or '-':>9} {mb:10}",
                    flush=True,
                )
            if name == "small namespace":
                sandbox = float(d.run(SANDBOX))
                if sandbox > SANDBOX_MS:
                    broken.append(f"the sandbox alone takes {sandbox} ms of {SANDBOX_MS}")
                print(f"{'':26} {'the sandbox alone':22} {sandbox:9} {SANDBOX_MS:7}")
    return {"rows": rows, "sandbox_ms": sandbox, "broken": broken}


def library(folder: Path) -> dict[str, Any]:
    slowest, harmed, missed, tried = 0.0, 0, 0, 0
    with driving(make_project(folder / "library"), load=False) as d:
        d.run(
            ASKING
            + "def tell(s):\n    try: print(json.dumps(preview(s, space).to_dict()))\n    except CannotPreview as e: print(json.dumps({'ended': str(e), 'error': None}))"
        )
        warm = set()
        for case in CASES:
            if not all(find_spec(n) for n in case.needs.split()):
                print(f"{case.name:32} left out: {case.needs} is not installed")
                continue
            if case.warm not in warm:
                d.run(case.warm)
                warm.add(case.warm)
            seconds, said = _timed(d, case.source)
            alive = d.run("print(6 * 7)") == "42"
            tried += 1
            slowest, harmed = max(slowest, seconds if said["ended"] != "ran" else 0.0), harmed + (not alive)
            missed += said["ended"] != "ran" or said["error"] is not None
            print(
                f"{case.name:32} {seconds:6.2f} s  {said.get('where', '')} {said['ended']} {said['error'] or ''}",
                flush=True,
            )
    print(
        f"{tried} cases; kernels harmed: {harmed}; without an outcome: {missed}, the slowest of these said why after {slowest:.1f} s"
    )
    broken = [f"{harmed} kernels harmed"] if harmed else []
    return {
        "cases": tried,
        "harmed": harmed,
        "missed": missed,
        "slowest": slowest,
        "broken": broken + ([f"why not after {slowest:.1f} s of {WAIT_S:.0f}"] if slowest > WAIT_S else []),
    }


def _timed(d: Driver, source: str) -> tuple[float, dict[str, object]]:
    start = time.perf_counter()
    said = d.run(f"tell({source!r})")
    return time.perf_counter() - start, json.loads(said)


def stress(folder: Path, rounds: int) -> dict[str, Any]:
    with driving(make_project(folder / "stress"), load=False) as d:
        start = time.perf_counter()
        from_subshell, on_main, answers = beside_blas(d.kernel, rounds)
        print(
            f"asked {from_subshell} times from a subshell while the main thread multiplied matrices, {on_main} times on the main thread while a subshell did,"
        )
        print(
            f"in {time.perf_counter() - start:.0f} s; the kernel answered its control channel {rounds} of {rounds} times. Answers:"
        )
        print("\n".join(f"  {a}" for a in answers))
    return {
        "rounds": rounds,
        "from_subshell": from_subshell,
        "on_main": on_main,
        "broken": [],
    }  # where the kernel does not answer, an error ends this


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["all"], choices=["all", "latency", "library", "stress"])
    parser.add_argument("--prototype", default="")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    args = parser.parse_args()
    parts: dict[str, Callable[[Path], dict[str, Any]]] = {
        "latency": lambda f: latency(f, args.prototype),
        "library": library,
        "stress": lambda f: stress(f, args.rounds),
    }
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, part in parts.items():
            if name in args.what or "all" in args.what:
                found[name] = part(Path(folder))
    broken = [line for one in found.values() for line in one["broken"]]
    print("\n".join(["does not hold:", *(f"  {line}" for line in broken)]) if broken else "all limits hold")
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
