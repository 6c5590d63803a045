"""What it costs to run a project's notebooks again: processes here, and the workers of a Dask scheduler on this machine.

    python benchmarks/rerun.py [NOTEBOOKS] [SECONDS]

Each notebook computes for SECONDS (0.5) of processor time. The floor is the same cells in one plain Python process after the other; nbdev-test is the peer.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from export_support import Lab, environ

from comprehend_nb.rerun.fleet import jobs_of, rerun

WORK = "import time\nstart = time.process_time()\nn = 0\nwhile time.process_time() - start < {seconds}:\n    n += 1"
WORKERS = 2


def made(folder: Path, notebooks: int, seconds: float) -> Lab:
    "A project of so many notebooks, of five cells each."
    lab = Lab(folder / "p")
    for k in range(notebooks):
        lab.write(
            f"{k:03}_n",
            "# n\n\n> N.",
            f"#| default_exp n{k}",
            f"#| export\ndef f{k}(x):\n    return x + {k}",
            WORK.format(seconds=seconds),
            f"assert f{k}(1) == {k + 1}",
        )
    return lab


def timed(label: str, work, beside: float | None = None) -> float:
    start, before = time.perf_counter(), sum(os.times()[:4])
    said = work()
    took, cpu = time.perf_counter() - start, sum(os.times()[:4]) - before
    print(
        f"{label:68} {took:7.2f} s  {cpu:6.2f} s{f'   {took / beside:5.2f} times' if beside else ''}{f'   {said}' if said else ''}",
        flush=True,
    )
    return took


def bare(lab: Lab) -> None:
    "The cells of each notebook in a Python process of its own, so many at a time."
    todo = [
        ["".join(c["source"]) for c in json.loads(p.read_text())["cells"] if c["cell_type"] == "code"]
        for p in lab.project.notebooks()
    ]
    running: list[subprocess.Popen[bytes]] = []
    for sources in todo:
        while len([p for p in running if p.poll() is None]) >= WORKERS:
            time.sleep(0.005)
        running.append(subprocess.Popen([sys.executable, "-c", "\n".join(sources)]))
    assert all(p.wait() == 0 for p in running)


def nbdev(lab: Lab) -> None:
    done = lab.nbdev("nbdev-test", "--n-workers", str(WORKERS))
    assert done.returncode == 0, done.stdout + done.stderr


def ran(lab: Lab, **more) -> str:
    found = rerun(jobs_of(lab.project), **more)
    assert all(r.ok for r in found), [r for r in found if not r.ok]
    return f"{len({r.where for r in found})} workers" if more.get("scheduler") else ""


def with_a_killed_worker(lab: Lab, cluster) -> str:
    "One worker is killed when half is done."
    done, victim = threading.Event(), next(w.pid for w in cluster.workers.values())

    def each(_, n: int, of: int) -> None:
        if n >= of // 2 and not done.is_set():
            done.set()
            os.kill(victim, signal.SIGKILL)

    found = rerun(jobs_of(lab.project), scheduler=cluster.scheduler_address, each=each)
    assert all(r.ok for r in found)
    assert done.is_set()
    return f"{len(found)} of {len(found)} answers"


def main(notebooks: int = 16, seconds: float = 0.5) -> None:
    os.environ.update(environ())
    with tempfile.TemporaryDirectory() as folder:
        lab = made(Path(folder), notebooks, seconds)
        print(
            "elapsed, and processor time of this process and of what it started and saw end (a scheduler's workers are not among it)"
        )
        print(f"{notebooks} notebooks of {seconds:g} s each, {WORKERS} at a time, {os.cpu_count()} processors")
        floor = timed("floor: the cells alone, a Python process each", lambda: bare(lab))
        timed("peer: nbdev-test", lambda: nbdev(lab), floor)
        plain = timed("check --rerun, processes here", lambda: ran(lab, workers=WORKERS), floor)
        try:
            from distributed import LocalCluster
        except ImportError:
            print("Dask is not installed: pip install 'comprehend-nb[dask]'")
            return
        start = time.perf_counter()
        with LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=":0",
            silence_logs=50,
        ) as cluster:
            print(f"{'(a local cluster of two workers starts)':68} {time.perf_counter() - start:7.2f} s")
            address = cluster.scheduler_address
            timed(
                "check --rerun --scheduler, the first time (beside processes here)",
                lambda: ran(lab, scheduler=address),
                plain,
            )
            timed("check --rerun --scheduler, again", lambda: ran(lab, scheduler=address), plain)
            timed("the same, one worker killed when half is done", lambda: with_a_killed_worker(lab, cluster), plain)


if __name__ == "__main__":
    main(*(f(a) for f, a in zip((int, float), sys.argv[1:], strict=False)))
