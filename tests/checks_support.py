"""A real runner for tests and benchmarks: each source runs in a fork of this process, and plain data come back."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import select
import signal
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from comprehend_nb.checks.pool import Runner
from comprehend_nb.outcome import Outcome
from comprehend_nb.trial import Trial, see


def _run(source: str, space: dict[str, Any], watch: Collection[str]) -> Trial:
    out, error, start = io.StringIO(), None, time.perf_counter()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(source, "<cell>", "exec"), space)
    except BaseException as e:
        error = type(e).__name__, str(e)[:200]
    outcome = Outcome(error=error, output=out.getvalue()[:20_000], where="fork", seconds=time.perf_counter() - start)
    return Trial(outcome, {n: see(n, space[n]) for n in watch if n in space})


def _child(source: str, space: dict[str, Any], watch: Collection[str], write: int) -> None:
    try:
        data = pickle.dumps(_run(source, space, watch))
        while data:
            data = data[os.write(write, data) :]
    finally:
        os._exit(0)


def _read(fd: int, until: float) -> bytes | None:
    data = b""
    while (left := until - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            if not (more := os.read(fd, 1 << 16)):
                return data
            data += more
    return None


def forks(namespace: Mapping[str, Any], timeout: float = 10.0) -> Runner:
    "Runs each source in a fork of this process, on this namespace."

    def run(sources: Sequence[str], watch: Collection[str], timeout: float = timeout) -> list[Trial]:
        trials = []
        for source in sources:
            read, write = os.pipe()
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                os.close(read)
                _child(source, dict(namespace), watch, write)
            os.close(write)
            data = _read(read, time.monotonic() + timeout)
            os.close(read)
            if data is None:
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            trials.append(
                pickle.loads(data)
                if data
                else Trial(Outcome(ended="timeout" if data is None else "died", where="fork"), {})
            )
        return trials

    return run
