"""What the ledger costs: reading and verifying it beside the mere decoding of its JSON lines, and one append beside one bare write.

    python benchmarks/ledger.py [RECORDS ...]        default: 10000 30000 100000

Every figure and its floor come from the same run on the same files. `audit in git` includes asking git; the commits are made by the benchmark.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from comprehend_nb.ledger import history
from comprehend_nb.ledger.audit import audit
from comprehend_nb.ledger.chain import FORMAT, Header, header_line, record_line
from comprehend_nb.ledger import FOLDER, Ledger, Person, read

PER_FILE = 400
PEOPLE = [Person.of(f"Person {k}", f"p{k}@example.org") for k in range(5)]


def fingerprint(n: int, kind: str = "fp1") -> str:
    return f"{kind}:{n * 0x9E3779B97F4A7C15 % (1 << 128):032x}"


def said(n: int) -> tuple[str, dict[str, object]]:
    "A record as a session writes it; one in five is an explanation."
    if n % 5 == 4:
        words = f"It sums the {n % 97} columns and drops what is missing, because the model cannot take gaps."
        return "explained", {
            "what": words,
            "why": words,
            "fails": words,
            "symbols": [f"f{n}"],
            "parts": {f"f{n}": fingerprint(n)},
        }
    return "executed", {
        "origin": "human",
        "symbols": [f"f{n}"],
        "parts": {f"f{n}": fingerprint(n), "RATE": fingerprint(n + 1)},
    }


def write_ledger(root: Path, records: int) -> None:
    "Files of `PER_FILE` records each, by five people in turn."
    for first in range(0, records, PER_FILE):
        person = PEOPLE[first // PER_FILE % len(PEOPLE)]
        name = f"{person.id}/202611-{first:016x}.jsonl"
        content, seed = header_line(Header(FORMAT, person, f"{first:x}", name, "2026-11-23T10:00:00Z"))
        lines, prev = [content], seed
        for n in range(first, min(records, first + PER_FILE)):
            kind, data = said(n)
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_790_000_000 + n * 7))
            line, prev = record_line(seed, prev, kind, at, fingerprint(n), fingerprint(n, "cl1"), data)
            lines.append(line)
        (root / FOLDER / person.id).mkdir(parents=True, exist_ok=True)
        (root / FOLDER / name).write_bytes(b"".join(lines))


def seconds(what: Callable[[], object]) -> float:
    history._scans.clear()
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def decode_all(root: Path, decode: Callable[[bytes], object]) -> None:
    "The floor: every line of every file through a JSON decoder, and nothing else."
    for file in (root / FOLDER).rglob("*.jsonl"):
        for line in file.read_bytes().splitlines():
            decode(line)


def commit_all(root: Path) -> None:
    "Each person commits ten times, as work goes on."
    files = sorted((root / FOLDER).rglob("*.jsonl"), key=lambda f: f.name)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    for person in PEOPLE:
        own = [str(f) for f in files if f.parent.name == person.id]
        env = os.environ | {
            f"GIT_{w}_{k}": v
            for w in ("AUTHOR", "COMMITTER")
            for k, v in (("NAME", person.name), ("EMAIL", person.email))
        }
        for k in range(0, len(own), step := max(1, len(own) // 10)):
            for args in (
                ["add", *own[k : k + step]],
                ["-c", "commit.gpgsign=false", "-c", "gc.auto=0", "commit", "-qm", "records"],
            ):
                subprocess.run(["git", *args], cwd=root, env=env, check=True)


def reading(sizes: list[int]) -> Table:
    table = Table(title="Reading and verifying: seconds (times the msgspec floor)")
    for column in (
        "records",
        "json.loads each line",
        "msgspec each line (floor)",
        "read: parse, verify, sort",
        "read again, unchanged",
        "audit",
        "audit in git",
    ):
        table.add_column(column, justify="right")
    for size in sizes:
        root = Path(tempfile.mkdtemp())
        write_ledger(root, size)
        loads, floor, *ours = measured(root, size)
        table.add_row(f"{size:,}", f"{loads:.2f}", f"{floor:.2f}", *(f"{t:.2f} ({t / floor:.1f} x)" for t in ours))
        shutil.rmtree(root)
    return table


def measured(root: Path, size: int) -> list[float]:
    "Seconds: json.loads, msgspec, read, read again, audit, audit in git."
    found = [
        seconds(lambda: decode_all(root, json.loads)),
        seconds(lambda: decode_all(root, msgspec.json.Decoder().decode)),
    ]
    found.append(seconds(lambda: read(root)))
    time.sleep(0.15)
    read(root)
    began = time.perf_counter()
    assert len(read(root).records) == size
    found.append(time.perf_counter() - began)
    found.append(seconds(lambda: audit(root)))
    commit_all(root)
    found.append(seconds(lambda: audit(root)))
    assert not audit(root)
    return found


def appending(n: int = 10_000) -> Table:
    root = Path(tempfile.mkdtemp())
    book = Ledger(root, PEOPLE[0])
    began = time.perf_counter()
    book.append("executed", fingerprint(n))
    first = time.perf_counter() - began

    def each(act: Callable[[int], object], count: int = n) -> float:
        began = time.perf_counter()
        for i in range(count):
            act(i)
        return (time.perf_counter() - began) / count * 1e6

    fd = os.open(root / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    rows = {
        "one bare os.write of a JSON line (floor)": each(
            lambda i: os.write(fd, json.dumps({"fingerprint": fingerprint(i), **said(0)[1]}).encode())
        ),
        "append executed": each(lambda i: book.append("executed", fingerprint(i), fingerprint(i, "cl1"), **said(0)[1])),
        "append executed again (not written)": each(
            lambda i: book.append("executed", fingerprint(i), fingerprint(i, "cl1"), **said(0)[1])
        ),
        "append explained": each(lambda i: book.append("explained", fingerprint(i), **said(4)[1]), n // 5),
        "the first of a session (makes the file)": first * 1e6,
        "sync": each(lambda i: (book.append("rejected", fingerprint(i)), book.sync()), 50),
    }
    book.close()
    shutil.rmtree(root)
    table = Table(title="Appending: microseconds each (budget of a cell's hooks: 300)")
    table.add_column("what")
    table.add_column("µs", justify="right")
    for what, cost in rows.items():
        table.add_row(what, f"{cost:,.1f}")
    return table


if __name__ == "__main__":
    console = Console()
    console.print(appending())
    console.print(reading([int(a) for a in sys.argv[1:]] or [10_000, 30_000, 100_000]))
