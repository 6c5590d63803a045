"""What a team's workflow costs: lines at the moment of need, signing, verifying, and the witness of `check`.

    python benchmarks/workflow.py [SESSIONS]

Each figure stands beside its floor: the same traceback without our lines, a hook that does nothing, ssh-keygen alone, `check` without --signed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from export_support import ADA, Lab, environ

from comprehend_nb.export import check, export
from comprehend_nb.export.witness import local_only, signed_only
from comprehend_nb.ledger import Ledger, read
from comprehend_nb.ledger.history import ledger_files, scan_file
from comprehend_nb.ledger.signing import allowed_signers, payload, signatures, signer_of


def median(work, runs: int = 200) -> float:
    "Median of so many runs, in seconds."
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def row(label: str, took: float, beside: str = "") -> None:
    print(f"{label:76} {took * 1e3:10.3f} ms   {beside}", flush=True)


def moments(lab: Lab) -> None:
    "A traceback through two explained functions of an exported library; the hook before a cell that defines a function."
    from IPython.core.interactiveshell import InteractiveShell

    from comprehend_nb.session.frontend import Asker
    from comprehend_nb.magics.loading import load

    sys.path.insert(0, str(lab.root))
    from shop.till import total

    shell = InteractiveShell()
    try:
        total(["ten"])
    except TypeError as e:
        caught = type(e), e, e.__traceback__

    def formatted() -> list[str]:
        return shell.InteractiveTB.structured_traceback(*caught)

    floor = median(formatted, 60)
    os.chdir(lab.root)
    loaded = load(shell)
    loaded.watch.who = lambda shell: Asker(True, "c1")
    loaded.session.evidence  # noqa: B018
    start = time.perf_counter()
    assert sum(" fails: " in part for part in formatted()) == 2
    first = time.perf_counter() - start
    row("a traceback through two explained functions, the first time", first, f"without our lines {floor * 1e3:.1f} ms")
    row("the same again", median(formatted, 60), f"without our lines {floor * 1e3:.1f} ms")
    row("  our lines alone", median(lambda: loaded.moments.fails.lines(caught[1]), 60))
    loaded.moments.whys.learn()

    class Info:
        silent, raw_cell = False, ""

    def before() -> None:
        Info.raw_cell = f"def f{time.perf_counter_ns()}(x):\n    return x"
        loaded.moments.before(Info)

    row("the hook before a cell that nobody explained", median(before, 2000), "an empty call 0.000 ms; at most 0.3")
    loaded.last()


def signing(folder: Path, sessions: int) -> None:
    "Sessions of ten records: signing each, and verifying all."
    lab = Lab(folder / "signed").sample()
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (lab.root / ".comprehend").mkdir()
    (lab.root / ".comprehend" / "allowed_signers").write_text(f"{ADA.email} {key.with_suffix('.pub').read_text()}")
    for name, value in {"gpg.format": "ssh", "user.signingkey": str(key)}.items():
        lab.git("config", name, value)
    lab.understand()
    sign = signer_of(lab.root)
    floor = median(
        lambda: subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", "x", "-f", str(key)],
            input=payload("x", b""),
            capture_output=True,
            check=True,
        ),
        20,
    )
    plain, signed = [], []
    for k in range(sessions):
        with_key = k % 2 == 0
        book = Ledger(lab.root, ADA, signer=(lambda: sign) if with_key else None)
        for n in range(10):
            book.append("explained", f"fp1:{k:04x}{n:04x}", what="a")
        start = time.perf_counter()
        book.close()
        (signed if with_key else plain).append(time.perf_counter() - start)
    row(
        "the end of a session that is signed",
        statistics.median(signed),
        f"one that is not {statistics.median(plain) * 1e3:.1f} ms, ssh-keygen alone {floor * 1e3:.1f} ms",
    )
    scans = [scan_file(lab.root, name, state) for name, state in ledger_files(lab.root, [])]
    start = time.perf_counter()
    found = signatures(lab.root, scans, allowed_signers(lab.root))
    took = time.perf_counter() - start
    row(f"verify {len(found.until)} signed sessions", took, f"{took / max(len(found.until), 1) * 1e3:.1f} ms each")
    lab.commit()
    report = check(lab.project)
    row("check", median(lambda: check(lab.project), 3), f"of {len(read(lab.root).records)} records")
    row("  what it adds to say what is in no commit", median(lambda: local_only(lab.project, report), 5))
    row("  what --signed adds", median(lambda: signed_only(lab.project, report, read(lab.root)), 3))


def main(sessions: int = 60) -> None:
    os.environ.update(environ())
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder) / "lab").sample().understand()
        lab.git("config", "user.name", ADA.name)
        lab.git("config", "user.email", ADA.email)
        export(lab.project)
        signing(Path(folder), sessions)
        moments(lab)
        os.chdir("/")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
