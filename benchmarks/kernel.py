"""What comprehend-nb costs a kernel: at its start, and after each cell with 1,000 names. Exits 1 beyond the limits.

    python benchmarks/kernel.py [REPEATS]

Start: a bare ipykernel until it answers, and the same with our extension, alternating, in this run. Hooks: the time from a
trivial cell's run in a shell with 1,000 names, with and without us; what is left for idle time is shown apart.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

LOAD_MS, HOOK_US = 150.0, 300.0

START = """
import sys, time
from jupyter_client.manager import KernelManager
m = KernelManager()
begun = time.perf_counter()
m.start_kernel(extra_arguments={extra!r})
c = m.blocking_client(); c.start_channels(); c.wait_for_ready(60)
c.execute("1", reply=True, timeout=60)
print(time.perf_counter() - begun)
c.stop_channels(); m.shutdown_kernel(now=True)
"""

HOOK = """
import statistics, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
for i in range(1000): shell.user_ns[f"name_{{i}}"] = [i]
if {load}:
    shell.run_line_magic("load_ext", "comprehend_nb")
    loaded = shell._comprehend_nb
import comprehend_nb.magics.loading as magics
magics._when_idle = lambda work: None
took = []
for i in range(400):
    begun = time.perf_counter()
    shell.run_cell(f"x{{i % 7}} = {{i}} + 1", store_history=False)
    took.append(time.perf_counter() - begun)
print(statistics.median(took))
idle = 0.0
if {load}:
    begun = time.perf_counter(); loaded.session.evidence; first = time.perf_counter() - begun
    for i in range(50): loaded.watch.waiting.append((f"y{{i}} = name_{{i}}[0] + {{i}}", "", True))
    begun = time.perf_counter(); loaded.session.evidence; idle = (time.perf_counter() - begun) / 50
print(idle)
"""

MODULES = """
import sys
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell().run_line_magic("load_ext", "comprehend_nb")
print(*[m for m in ("anthropic", "pandas", "numpy", "nbdev") if m in sys.modules])
"""


def out(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.split()


def main() -> int:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    bare, ours = [], []
    for _ in range(repeats):
        bare.append(float(out(START.format(extra=[]))[-1]))
        ours.append(float(out(START.format(extra=["--ext", "comprehend_nb"]))[-1]))
    added = 1000 * (statistics.median(ours) - statistics.median(bare))
    without = min(float(out(HOOK.format(load=False))[0]) for _ in range(3))
    pairs = [out(HOOK.format(load=True)) for _ in range(3)]
    hook = 1e6 * (min(float(p[0]) for p in pairs) - without)
    idle = 1e6 * min(float(p[1]) for p in pairs)
    heavy = out(MODULES)
    rows = [
        ("bare kernel until its first reply, median", f"{1000 * statistics.median(bare):.0f} ms", ""),
        ("added by loading comprehend-nb", f"{added:.0f} ms", f"at most {LOAD_MS:.0f} ms"),
        ("a trivial cell in a bare shell, 1,000 names", f"{1e6 * without:.0f} µs", ""),
        ("added to it by our hook", f"{hook:.0f} µs", f"at most {HOOK_US:.0f} µs"),
        ("bookkeeping left for idle time, a cell", f"{idle:.0f} µs", ""),
        ("heavy modules imported by loading", ", ".join(heavy) or "none", "none"),
    ]
    for name, value, limit in rows:
        print(f"{name:<48}{value:>12}  {limit}")
    return int(added > LOAD_MS or hook > HOOK_US or bool(heavy))


if __name__ == "__main__":
    raise SystemExit(main())
