"""What it costs to see which exported functions call which: a call of a watched function, and of all others. Needs Python 3.12 or later.

    python benchmarks/calls.py [CALLS]

Beside it, in the same run: the same loop unwatched, and under `sys.setprofile`, which is what Python 3.11 has to offer.
"""

import statistics
import sys
import time

CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000


def gross(net):
    return net + 1


def total(n):
    return sum(map(gross, range(n)))


def other(net):
    return net + 1


def others(n):
    return sum(map(other, range(n)))


def spent(work, n):
    "Nanoseconds of CPU for each call, the median of seven."
    found = []
    for _ in range(7):
        start = time.process_time_ns()
        work(n)
        found.append((time.process_time_ns() - start) / n)
    return statistics.median(found)


def main():
    from comprehend_nb.session.calls import ENOUGH, Eye

    bare, eye = spent(total, CALLS), Eye()
    sys.setprofile(lambda frame, event, arg: None)
    profiled = spent(total, CALLS)
    sys.setprofile(None)
    if not eye.open():
        print(
            f"Python {sys.version.split()[0]} cannot tell: calls are not seen here, and cost nothing. sys.setprofile would add {profiled - bare:.0f} ns to every call of anything ({bare:.0f} ns bare)"
        )
        return 0
    eye.watch(0, [gross.__code__])
    eye.watch(1, [total.__code__])
    watched, beside = spent(total, CALLS), spent(others, CALLS)
    few = []
    for _ in range(400):
        eye.wake()
        start = time.process_time_ns()
        total(ENOUGH)
        few.append((time.process_time_ns() - start) / ENOUGH)
    start = time.process_time_ns()
    for _ in range(400):
        eye._rest = [gross.__code__]
        eye.wake()
    wake = (time.process_time_ns() - start) / 400
    eye.close()
    rows = [
        (f"a call, bare, of {CALLS:,}", bare, ""),
        ("watched, all of a loop", watched, f"+{watched - bare:.1f} ns"),
        (
            f"watched, the first {ENOUGH} of a cell",
            statistics.median(few),
            f"at most {ENOUGH * statistics.median(few) / 1000:.0f} us a function and cell",
        ),
        ("a function that is not watched", beside, f"+{beside - bare:.1f} ns"),
        ("under sys.setprofile, any call", profiled, f"+{profiled - bare:.0f} ns"),
        ("waking one function for the next cell", wake, ""),
    ]
    for name, value, more in rows:
        print(f"{name:<44}{value:>9.1f} ns  {more}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
