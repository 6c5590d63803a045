"""IPython's and nbclient's own tests, with our extension loaded and without. Exits 1 where an outcome differs.

    python benchmarks/conformance.py [ipython] [nbclient] [--seconds 240] [--keep FOLDER]

Downloads the sources of the installed versions and what their tests need into a temporary folder. `with us` is the shell that
IPython's tests share after `%load_ext comprehend_nb`, and a profile that loads it in every kernel that nbclient starts; both
stand in a project of ours, so that the bookkeeping after each cell happens too (a program runs these cells, not a person:
nothing is recorded). Both sides of a suite run at once. A test that differs is run again, twice at
most, on both sides, and counts only when it differs each time.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from importlib.metadata import version
from pathlib import Path

SUITES = ("ipython", "nbclient")
NEEDS = ("pytest-asyncio", "testpath", "flaky", "xmltodict", "ipywidgets")
SIDES = ("bare", "ours")
PER_TEST_S = 60
RERUNS, RERUN_S = 2, 120

# Both sides have the plugin and the startup file: what differs is only whether our extension is there.
PLUGIN = """
import os

SHARED_SHELL = os.environ["CONFORMANCE_SUITE"] == "ipython"

def _shell():
    from IPython.terminal.interactiveshell import TerminalInteractiveShell
    return TerminalInteractiveShell._instance

def pytest_sessionstart(session):
    if SHARED_SHELL and os.environ["CONFORMANCE_SIDE"] == "ours":
        import comprehend_nb
        assert _shell() is not None, "the shell that the tests share is not there yet"
        comprehend_nb.load_ipython_extension(_shell())

def pytest_runtest_teardown(item):
    if SHARED_SHELL:
        with open(os.environ["CONFORMANCE_SEEN"], "a") as f:  # no pathlib: some tests play Windows until later
            f.write(f"{int(hasattr(_shell(), '_comprehend_nb'))}\\n")
"""

STARTUP = """
def _seen():
    import os
    shell = get_ipython()
    with open(os.environ["CONFORMANCE_SEEN"], "a") as f:
        f.write(f"{int(hasattr(shell, '_comprehend_nb'))}\\n")
_seen()
del _seen
"""


def download(suite: str, into: Path) -> Path:
    "The source of the installed version, as its authors published it."
    pin = f"{suite}=={version(suite)}"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-binary", suite, "--no-deps", pin, "-d", str(into)]
    subprocess.run(pip, check=True)
    return next(into.glob(f"{suite}-*.tar.gz"))


def prepare(archive: Path, suite: str, side: str, folder: Path) -> Path:
    "An own copy for each side, in a project of ours; the source's root."
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    root = next(p for p in folder.iterdir() if p.is_dir())
    (folder / "home").mkdir()
    (root / ".comprehend").mkdir()
    if suite == "nbclient":
        profile = folder / "ipython" / "profile_default"
        (profile / "startup").mkdir(parents=True)
        (profile / "startup" / "00-seen.py").write_text(STARTUP)
        if side == "ours":
            (profile / "ipython_kernel_config.py").write_text("c.InteractiveShellApp.extensions = ['comprehend_nb']\n")
    return root


def environment(suite: str, side: str, folder: Path, shared: Path) -> dict[str, str]:
    "No personal settings and no keys: the same on both sides."
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "COMPREHEND_", "PYTEST_", "GIT_"))}
    extra = {
        "CONFORMANCE_SIDE": side,
        "CONFORMANCE_SUITE": suite,
        "CONFORMANCE_SEEN": str(folder / "seen"),
        "HOME": str(folder / "home"),
        "COMPREHEND_NB_CONFIG": str(folder / "home" / "none.toml"),
        "PYTHONPATH": os.pathsep.join([str(shared), str(shared / "needs")]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "MPLBACKEND": "agg",
    }
    if suite == "nbclient":
        extra["IPYTHONDIR"] = str(folder / "ipython")
    return kept | extra


class Side:
    "One suite on one side: its copy of the sources, and its runs."

    def __init__(self, suite: str, side: str, archive: Path, shared: Path) -> None:
        self.suite, self.side = suite, side
        self.folder = shared / f"{suite}-{side}"
        self.folder.mkdir()
        self.root = prepare(archive, suite, side, self.folder)
        self.env = environment(suite, side, self.folder, shared)
        self.runs = 0

    def start(self, args: list[str]) -> subprocess.Popen[bytes]:
        self.runs += 1
        self.xml = self.folder / f"run{self.runs}.xml"
        self.log = self.folder / f"run{self.runs}.log"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "conformance_plugin",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
        ]
        command += [
            "-o",
            "asyncio_default_fixture_loop_scope=function",
            f"--timeout={PER_TEST_S}",
            f"--junitxml={self.xml}",
            "--color=no",
            *args,
        ]
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self.root,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def results(self) -> dict[str, str]:
        if not self.xml.exists():
            raise SystemExit(f"{self.suite}, {self.side}: no results\n{self.log.read_text(errors='replace')[-2000:]}")
        found = outcomes(self.xml)
        if "pytest::internal" in found:
            raise SystemExit(
                f"{self.suite}, {self.side}: pytest broke off\n{self.log.read_text(errors='replace')[-2000:]}"
            )
        return found

    def loaded(self) -> tuple[int, int]:
        "How many tests or kernels told what they had, and how many of them had our extension."
        seen = self.folder / "seen"
        lines = seen.read_text().split() if seen.exists() else []
        return len(lines), lines.count("1")


def outcomes(xml: Path) -> dict[str, str]:
    "Outcome by test id; a test of the same id is told apart by a number."
    found: dict[str, str] = {}
    for case in ET.parse(xml).iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        name = f"{case.get('classname')}::{case.get('name')}"
        twin = 2
        while name in found:
            name, twin = f"{case.get('classname')}::{case.get('name')}#{twin}", twin + 1
        found[name] = (
            "error" if "error" in kinds else "failed" if "failure" in kinds else "skipped" if kinds else "passed"
        )
    return found


def finish(running: list[subprocess.Popen[bytes]], seconds: float) -> bool:
    "Wait; at the limit an interrupt, upon which pytest still writes what it has. Whether all ended by themselves."
    until = time.monotonic() + seconds
    whole = True
    for one in running:
        try:
            one.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            whole = False
            one.send_signal(signal.SIGINT)
            try:
                one.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait()
    return whole


def node(name: str, root: Path) -> str:
    "The argument that makes pytest run this test alone: `tests.test_x.TestY::test_z` is `tests/test_x.py::TestY::test_z`."
    dotted, _, test = name.partition("::")
    parts = dotted.split(".")
    for n in range(len(parts), 0, -1):
        if (file := root.joinpath(*parts[:n]).with_suffix(".py")).is_file():
            return "::".join([str(file.relative_to(root)), *parts[n:], test])
    return f"{dotted.replace('.', '/')}.py::{test}"


def differing(a: dict[str, str], b: dict[str, str]) -> list[str]:
    return sorted(t for t in a.keys() & b.keys() if a[t] != b[t])


def compare(suite: str, archive: Path, shared: Path, seconds: float) -> tuple[tuple[object, ...], list[str], list[str]]:
    "The row of the table, what differs, and what is to be said beside it."
    sides = [Side(suite, side, archive, shared) for side in SIDES]
    begun = time.monotonic()
    whole = finish([s.start(["tests"]) for s in sides], seconds)
    took = time.monotonic() - begun
    bare, ours = (s.results() for s in sides)
    notes = []
    seen, with_us = sides[1].loaded()
    notes.append(
        f"{suite}: our extension was there in {with_us} of {seen} {'tests' if suite == 'ipython' else 'kernels'} that told"
    )
    if not with_us or sides[0].loaded()[1]:
        raise SystemExit(
            f"{suite}: the sides are not what they should be ({notes[-1]}; without us: {sides[0].loaded()})"
        )
    if not whole:
        notes.append(f"{suite}: stopped after {seconds:.0f} s; compared is what both sides had run by then")
    one_sided = bare.keys() ^ ours.keys()
    differ, flaky = differing(bare, ours), []
    first = {t: (bare[t], ours[t]) for t in differ}
    for _ in range(RERUNS):
        if not differ:
            break
        for s in sides:  # one after the other: two at once is what makes some of them flaky
            finish([s.start([node(t.partition("#")[0], s.root) for t in differ])], RERUN_S)
        again = [s.results() for s in sides]
        still = [t for t in differ if again[0].get(t) != again[1].get(t) or t not in again[0]]
        flaky += [t for t in differ if t not in still]
        differ = still
    notes += [
        f"{suite}: flaky, the same on both sides when run again: {t} ({first[t][0]} / {first[t][1]})" for t in flaky
    ]
    common = bare.keys() & ours.keys()
    count = [Counter(side[t] for t in common) for side in (bare, ours)]
    failing = [t for t in sorted(common) if bare[t] in ("failed", "error") and bare[t] == ours[t]]
    if failing:
        notes.append(f"{suite}: fails on both sides: {', '.join(failing[:12])}{' ...' if len(failing) > 12 else ''}")
    row = (f"{suite} {version(suite)}", len(common), count[0]["passed"], count[1]["passed"], count[0]["skipped"])
    found = [f"{suite}: {t}: {first[t][0]} without us, {first[t][1]} with us" for t in differ]
    if whole:
        found += [f"{suite}: {t}: only {'without' if t in bare else 'with'} us" for t in sorted(one_sided)]
    return (*row, len(flaky), len(found), f"{took:.0f} s"), found, notes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("suites", nargs="*", default=[], metavar="SUITE", help="ipython, nbclient; both by default")
    parser.add_argument("--seconds", type=float, default=240, help="limit of a suite's run")
    parser.add_argument("--keep", type=Path, help="work in this new folder and leave it")
    given = parser.parse_args()
    if wrong := set(given.suites) - set(SUITES):
        parser.error(f"no such suite: {', '.join(sorted(wrong))}")
    with tempfile.TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True) as temporary:
        shared = (given.keep or Path(temporary)).resolve()
        shared.mkdir(parents=True, exist_ok=True)
        (shared / "conformance_plugin.py").write_text(PLUGIN)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(shared / "needs"), *NEEDS]
        subprocess.run(pip, check=True)
        rows, differ, notes = [], [], []
        for suite in given.suites or SUITES:
            row, d, n = compare(suite, download(suite, shared), shared, given.seconds)
            rows.append(row)
            differ += d
            notes += n
    print(
        "| suite | tests | passed without us | passed with us | skipped | flaky | differ | took |\n|---|---|---|---|---|---|---|---|"
    )
    for row in rows:
        print("| " + " | ".join(str(x) for x in row) + " |")
    print("\n".join(["", *notes, "", *(differ or ["no test's outcome differs"])]))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
