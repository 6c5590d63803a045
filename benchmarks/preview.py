"""Preview: how long it takes, what it costs, what it survives. `python benchmarks/preview.py [latency] [library] [stress] [--prototype FOLDER]`

Latency is told beside a bare double fork of the same kernel in the same run, which does nothing but copy, run and report; and, where a folder with
an earlier harness (`forkpreview.py`, `sandbox.py`) is given, beside that. All figures are medians in milliseconds of the whole, asked for in a live kernel.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

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

SPACES = [
    ("small namespace", "x = 1", ["y = 2"]),
    ("10 MB array", "import numpy as np; a = np.ones(1_250_000)", ["y = 2", "a[7] = 3", "a.sum()", "a[:] = 2"]),
    ("1 GB array", "import numpy as np; a = np.ones(125_000_000)", ["y = 2", "a[7] = 3", "a.sum()"]),
    ("1,000,000 small dicts", "d = [{'k': i} for i in range(1_000_000)]", ["y = 2", "d.append(1)"]),
    ("frame of 1,000,000 rows", "import numpy as np, pandas as pd; df = pd.DataFrame({'x': np.arange(1e6), 't': ['s'] * 10**6})", ["y = 2", "df.loc[:9, 'x'] = 0", "df['z'] = df.x * 2"]),
    ("8 GB array", "import numpy as np; a = np.ones(1_000_000_000)", ["y = 2", "a[7] = 3"]),
]  # fmt: skip
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


def latency(folder: Path, prototype: str) -> None:
    print(f"{'namespace':26} {'cell':22} {'preview':>9} {'bare':>8} {'earlier':>8} {'x earlier':>9} {'private MB':>10}")
    for name, setup, cells in SPACES:
        if name.startswith("8 GB") and left() < 18:
            print(f"{name:26} left out: this machine has {left():.0f} GB free")
            continue
        with driving(make_project(folder / name.replace(" ", "-")), load=False) as d:
            d.run(ASKING + setup)
            d.run(f"harness = prototype({prototype!r})" if prototype else "harness = None")
            for cell in cells:
                said = d.run(f"print(json.dumps([timed(ours, {cell!r}), timed(bare, {cell!r}), timed(harness, {cell!r}) if harness else 0, private({cell!r})]))")
                mine, bare, theirs, mb = json.loads(said)
                print(f"{name:26} {cell:22} {mine:9} {bare:8} {theirs or '-':>8} {round(mine / theirs, 2) if theirs else '-':>9} {mb:10}", flush=True)
            if name == "small namespace":
                print(f"{'':26} {'the sandbox alone':22} {d.run(SANDBOX):>9}")


def library(folder: Path) -> None:
    slowest, harmed, missed = 0.0, 0, 0
    with driving(make_project(folder / "library"), load=False) as d:
        d.run(ASKING + "def tell(s):\n    try: print(json.dumps(preview(s, space).to_dict()))\n    except CannotPreview as e: print(json.dumps({'ended': str(e), 'error': None}))")
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
            slowest, harmed = max(slowest, seconds if said["ended"] != "ran" else 0.0), harmed + (not alive)
            missed += said["ended"] != "ran" or said["error"] is not None
            print(f"{case.name:32} {seconds:6.2f} s  {said.get('where', '')} {said['ended']} {said['error'] or ''}", flush=True)
    print(f"kernels harmed: {harmed}; without an outcome: {missed}, the slowest of these said why after {slowest:.1f} s")


def _timed(d: Driver, source: str) -> tuple[float, dict[str, object]]:
    start = time.perf_counter()
    said = d.run(f"tell({source!r})")
    return time.perf_counter() - start, json.loads(said)


def stress(folder: Path, rounds: int) -> None:
    with driving(make_project(folder / "stress"), load=False) as d:
        start = time.perf_counter()
        from_subshell, on_main, answers = beside_blas(d.kernel, rounds)
        print(f"asked {from_subshell} times from a subshell while the main thread multiplied matrices, {on_main} times on the main thread while a subshell did,")
        print(f"in {time.perf_counter() - start:.0f} s; the kernel answered its control channel {rounds} of {rounds} times. Answers:")
        print("\n".join(f"  {a}" for a in answers))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["latency", "library", "stress"])
    parser.add_argument("--prototype", default="")
    parser.add_argument("--rounds", type=int, default=400)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if "latency" in args.what:
            latency(Path(folder), args.prototype)
        if "library" in args.what:
            library(Path(folder))
        if "stress" in args.what:
            stress(Path(folder), args.rounds)


if __name__ == "__main__":
    main()
