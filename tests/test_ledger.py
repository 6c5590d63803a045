"The ledger loses nothing that it acknowledged, whoever writes beside it and whatever git does in between."

import gc
import itertools
import os
import signal
import threading
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_support import ADA, BOB, Repo, fp, session, start

from comprehend_nb.ledger import history
from comprehend_nb.ledger.chain import FORMAT, Header, header_line, record_line
from comprehend_nb.ledger import FOLDER, Ledger, LedgerError, Person, Record, local, read

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and signals")

APPEND = """
import sys
from pathlib import Path
from comprehend_nb.ledger import Ledger, Person
root, who, first, n = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with Ledger(root, Person.of(who, who + "@example.org")) as book:
    for i in range(first, first + n):
        book.append("executed", f"fp1:{i:032x}", origin="human", symbols=["f"])
"""
UNTIL_KILLED = """
import sys
from pathlib import Path
from comprehend_nb.ledger import Ledger, Person
book = Ledger(Path(sys.argv[1]), Person.of("Ada", "ada@example.org"))
out = open(1, "wb", buffering=0)
for i in range(10**9):
    r = book.append("explained", f"fp1:{i:032x}", what="w" * (30_000 if i % 8 == 3 else i * 37 % 900))
    out.write(f"{r.file}:{r.line} {r.hash}\\n".encode())
"""


def grave(root: Path) -> list[str]:
    return [str(p) for p in read(root).problems if p.grave]


def test_what_is_appended_is_read(tmp_path):
    with Ledger(tmp_path, ADA) as book:
        given_back = [
            book.append("executed", fp(1), "cl1:x", parts={"f": fp(2)}),
            book.append("waived", fp(1), symbol="f", reason="generated"),
        ]
    found = read(tmp_path)
    assert found.records == given_back and found.about(fp(1)) == given_back and not found.problems
    assert found.people == {ADA.id: ADA} and found.records[0].data == {"parts": {"f": fp(2)}}
    assert [r.line for r in found.records] == [2, 3] and all((tmp_path / r.file).is_file() for r in found.records)


def test_nothing_is_created_before_the_first_record(tmp_path):
    Ledger(tmp_path, ADA).close()
    with pytest.raises(LedgerError, match="no record of kind"):
        Ledger(tmp_path, ADA).append("thought", fp(1))
    assert not list(tmp_path.iterdir())


def test_executed_is_written_once_here_and_on_disk(tmp_path):
    session(tmp_path, ADA, range(5))
    with Ledger(tmp_path, ADA) as book:
        assert [
            bool(book.append("executed", fp(n), c).file)
            for n, c in ((1, ""), (1, "cl1:new"), (1, "cl1:new"), (7, ""), (7, ""))
        ] == [
            False,
            True,
            False,
            True,
            False,
        ]
        assert book.append("explained", fp(1)).file and book.append("explained", fp(1)).file
    with Ledger(tmp_path, BOB) as book:
        assert book.append("executed", fp(1)).file, "another person's run is another record"


@pytest.mark.parametrize("value", [object(), {1, object()}, "x" * (1 << 20), float, [[[object()]]]])
def test_what_cannot_be_written_is_refused_and_costs_nothing(tmp_path, value):
    with Ledger(tmp_path, ADA) as book:
        with pytest.raises(LedgerError):
            book.append("checked", fp(1), value=value)
        assert not (tmp_path / ".comprehend").exists()
        book.append("checked", fp(1), value="fine \u202e \x00 \n é 🎉")
    assert read(tmp_path).records[0].data["value"].startswith("fine") and not read(tmp_path).problems


def test_lone_surrogates_and_numbers_of_any_size_are_written_readably(tmp_path):
    with Ledger(tmp_path, ADA) as book:
        book.append("explained", fp(1), what="a\ud800b", n=1 << 70, more=[{"k\udfff": "v"}])
    assert read(tmp_path).records[0].data == {"what": "a?b", "n": 1 << 70, "more": [{"k?": "v"}]}


def test_times_are_utc_in_seconds_and_order_the_records(tmp_path):
    for person in (BOB, ADA):
        session(tmp_path, person, range(3))
    found = read(tmp_path).records
    assert [r.at for r in found] == sorted(r.at for r in found) and all(
        len(r.at) == 20 and r.at.endswith("Z") for r in found
    )


def test_a_secret_does_not_reach_the_file(tmp_path):
    pytest.importorskip("comprehend_nb.redact")
    key = "sk-ant-api03-" + "aB3" * 30
    with Ledger(tmp_path, ADA) as book:
        book.append(
            "explained",
            fp(1),
            what=f"the key is {key}",
            parts={"f": fp(2)},
            symbols=["f"],
            nested=[{"password": "hunter2-and-more"}],
        )
        book.append("rejected", fp(1), reason=f"export ANTHROPIC_API_KEY={key}")
    text = (tmp_path / book.file if book.file else next((tmp_path / FOLDER).rglob("*.jsonl"))).read_text()
    assert key not in text and "hunter2-and-more" not in text
    assert read(tmp_path).records[0].data["parts"] == {"f": fp(2)} and read(tmp_path).records[0].data["symbols"] == [
        "f"
    ]


# ---- side by side


@pytest.mark.parametrize(("processes", "each"), [(3, 100), pytest.param(8, 1000, marks=pytest.mark.slow)])
def test_processes_side_by_side_neither_lose_nor_mix_lines(tmp_path, processes, each):
    running = [start(APPEND, tmp_path, "ada", k * each, each) for k in range(processes)]
    assert [p.communicate(timeout=80)[1] for p in running] == [""] * processes
    found = read(tmp_path)
    assert (
        sorted(r.fingerprint for r in found.records) == sorted(fp(n) for n in range(processes * each))
        and not found.problems
    )
    assert len({r.file for r in found.records}) == processes


def test_threads_share_a_ledger(tmp_path):
    with Ledger(tmp_path, ADA) as book:
        threads = [
            threading.Thread(target=lambda k=k: [book.append("executed", fp(n)) for n in range(k * 50, k * 50 + 50)])
            for k in range(6)
        ]
        [t.start() for t in threads], [t.join() for t in threads]
    assert len(read(tmp_path).records) == 300 and not read(tmp_path).problems


@POSIX
@pytest.mark.parametrize("kills", [15, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_while_appending_no_acknowledged_record_is_lost(tmp_path, kills):
    acknowledged: set[str] = set()
    for k, wait in zip(range(kills), itertools.cycle((0.0, 0.004, 0.001, 0.02, 0.009)), strict=False):
        running = start(UNTIL_KILLED, tmp_path)
        running.stdout.readline()
        time.sleep(wait + k % 7 / 2000)
        running.send_signal(signal.SIGKILL)
        said = running.communicate()[0]
        acknowledged |= {line for line in said.splitlines() if line.count(" ") == 1 and len(line.split()[1]) == 32}
    found = read(tmp_path)
    assert acknowledged and acknowledged <= {f"{r.file}:{r.line} {r.hash}" for r in found.records}
    assert not grave(tmp_path) and {p.kind for p in found.problems} <= {"torn"}


@POSIX
def test_a_forked_child_writes_elsewhere(tmp_path):
    book = Ledger(tmp_path, ADA)
    book.append("explained", fp(1))
    if (child := os.fork()) == 0:
        try:
            book.append("explained", fp(2))
            book.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    book.append("explained", fp(3))
    by = {r.fingerprint: r.file for r in read(tmp_path).records}
    assert len(by) == 3 and by[fp(1)] == by[fp(3)] != by[fp(2)] and not read(tmp_path).problems


@POSIX
def test_a_full_disk_tears_a_line_and_the_next_record_mends_it(tmp_path, monkeypatch):
    book = Ledger(tmp_path, ADA)
    book.append("explained", fp(1))
    real = os.write
    answers = iter(
        [lambda fd, b: real(fd, b[:40]), lambda fd, b: (_ for _ in ()).throw(OSError(28, "No space left on device"))]
    )
    monkeypatch.setattr(os, "write", lambda fd, b: next(answers)(fd, b))
    with pytest.raises(LedgerError, match="No space left"):
        book.append("explained", fp(2))
    monkeypatch.undo()
    after = book.append("explained", fp(3))
    found = read(tmp_path)
    assert [r.fingerprint for r in found.records] == [fp(1), fp(3)] and found.records[1] == after
    assert [(p.kind, p.grave) for p in found.problems] == [("torn", False)] and found.problems[0].where.endswith(":3")


@POSIX
def test_a_file_held_by_somebody_else_is_left_to_them(tmp_path):
    import fcntl

    book = Ledger(tmp_path, ADA)
    first = book.append("explained", fp(1)).file
    with (tmp_path / first).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        began = time.monotonic()
        assert book.append("explained", fp(2)).file != first and time.monotonic() - began < 1
    assert len(read(tmp_path).records) == 2


# ---- a file that is not as it was left


@pytest.mark.parametrize("change", ["removed", "replaced", "same again", "cut", "grown"])
def test_a_file_that_is_not_as_it_was_left_is_left_alone(tmp_path, change):
    book = Ledger(tmp_path, ADA)
    first = tmp_path / book.append("executed", fp(1)).file
    content = first.read_bytes()
    if change in ("removed", "replaced", "same again"):
        first.unlink()
        if change != "removed":
            first.write_bytes(content if change == "same again" else b"other\n")
    else:
        first.write_bytes(content[:-5] if change == "cut" else content + b"\n")
    changed = first.read_bytes() if first.exists() else None
    later = book.append("executed", fp(2))
    assert tmp_path / later.file != first and (first.read_bytes() if first.exists() else None) == changed


def test_what_went_away_with_a_branch_is_news_again(tmp_path):
    book, other = Ledger(tmp_path, ADA), session(tmp_path, ADA, range(5))
    book.append("explained", fp(9))
    assert not book.append("executed", fp(1)).file
    (tmp_path / other).unlink()
    assert book.append("executed", fp(1)).file == book.file


# ---- git


def merged(repo: Repo, branches: list[str]) -> None:
    "Merges all branches; fails on any conflict."
    for branch in branches:
        repo.git("merge", "-q", "--no-edit", branch)


@pytest.mark.parametrize("who", ["five people", "one person, five machines"])
def test_five_branches_of_200_records_merge_without_conflict(tmp_path, who):
    repo = Repo(tmp_path / "main")
    session(repo.root, ADA, range(10_000, 10_010))
    repo.commit()
    people = [Person.of(f"P{k}", f"p{k}@example.org") if who == "five people" else ADA for k in range(5)]
    for k, person in enumerate(people):
        machine = repo.clone(tmp_path / f"machine{k}")
        machine.git("switch", "-q", "-c", f"work{k}")
        session(machine.root, person, range(k * 200, k * 200 + 100))
        machine.commit(person)
        session(machine.root, person, range(k * 200 + 100, k * 200 + 200))
        machine.commit(person)
        repo.git("fetch", "-q", str(machine.root), f"work{k}:work{k}")
    merged(repo, [f"work{k}" for k in range(5)])
    found = read(repo.root)
    assert {r.fingerprint for r in found.records} == {
        fp(n) for n in (*range(1000), *range(10_000, 10_010))
    } and not found.problems


@pytest.mark.parametrize("how", ["merge", "rebase", "squash"])
def test_one_kernel_session_across_branches_of_one_clone(tmp_path, how):
    repo, numbers = Repo(tmp_path), iter(range(1000))
    book = Ledger(tmp_path, ADA)

    def work(n: int) -> None:
        for number in itertools.islice(numbers, n):
            assert book.append("executed", fp(number)).file
        repo.commit()

    work(100)
    for branch in ("b1", "b2", "b3", "b4", "b5"):
        repo.git("branch", branch)
    for n in (80, 80):
        for branch in ("b1", "b2", "b3", "b4", "b5"):
            repo.git("switch", "-q", branch)
            work(n)
    for number in itertools.islice(numbers, 100):
        book.append("executed", fp(number))
    repo.commit()
    repo.git("switch", "-q", "main")
    for branch in ("b1", "b2", "b3", "b4", "b5"):
        if how == "rebase":
            repo.git("rebase", "-q", "main", branch)
            repo.git("switch", "-q", "main")
            repo.git("merge", "-q", "--ff-only", branch)
        elif how == "squash":
            repo.git("merge", "-q", "--squash", branch)
            repo.git("commit", "-q", "-m", branch)
        else:
            merged(repo, [branch])
    found = read(tmp_path)
    assert sorted(r.fingerprint for r in found.records) == sorted(fp(n) for n in range(1000)) and not found.problems


def test_uncommitted_records_follow_a_switch_and_no_line_is_written_to_a_file_without_a_name(tmp_path):
    repo, book = Repo(tmp_path), Ledger(tmp_path, ADA)
    book.append("explained", fp(0))
    repo.commit()
    repo.git("switch", "-q", "-c", "other")
    assert book.append("explained", fp(1)).line == 3, "nothing was replaced: the same file goes on"
    repo.git("switch", "-q", "main")
    book.append("explained", fp(2))
    repo.commit()
    repo.git("switch", "-q", "other")
    book.append("explained", fp(3))
    repo.commit()
    merged(repo, ["main"])
    assert {r.fingerprint for r in read(tmp_path).records} == {fp(n) for n in range(4)} and not read(tmp_path).problems


def test_git_keeps_every_byte_and_never_sees_what_is_private(tmp_path):
    repo = Repo(tmp_path)
    (tmp_path / ".gitattributes").write_text("* text eol=crlf\n*.jsonl merge=union\n")
    (local(tmp_path) / "draft.json").write_text("{}")
    file = session(tmp_path, ADA, range(3))
    repo.commit()
    assert "local" not in repo.git("ls-files") and "merge: set" in repo.git("check-attr", "merge", file)
    before = (tmp_path / file).read_bytes()
    (tmp_path / file).unlink()
    repo.git("checkout", "--", file)
    assert (tmp_path / file).read_bytes() == before


# ---- reading what others wrote


def test_links_devices_and_absurd_files_are_refused(tmp_path, monkeypatch):
    root = tmp_path / "project"
    file = session(root.mkdir() or root, ADA, range(2))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jsonl").write_bytes((root / file).read_bytes())
    folder = root / FOLDER / ADA.id
    (folder / "link.jsonl").symlink_to(outside / "secret.jsonl")
    (root / FOLDER / "linked-00000000").symlink_to(outside, target_is_directory=True)
    (folder / "folder.jsonl").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.jsonl")
    monkeypatch.setattr(history, "MAX_FILE", 10_000)
    (folder / "huge.jsonl").write_bytes(b"x" * 10_001)
    found = read(root)
    assert (
        len(found.records) == 2
        and len(found.problems) == (5 if hasattr(os, "mkfifo") else 4)
        and all(p.grave for p in found.problems)
    )


def test_a_ledger_that_is_a_link_is_neither_read_nor_written(tmp_path):
    real, project = tmp_path / "real", tmp_path / "project"
    session(real.mkdir() or real, ADA, range(2))
    (project / ".comprehend").mkdir(parents=True)
    (project / FOLDER).symlink_to(real / FOLDER, target_is_directory=True)
    assert not read(project).records and read(project).problems[0].grave
    with pytest.raises(LedgerError, match="symbolic link"):
        Ledger(project, ADA).append("explained", fp(1))


def test_a_newer_format_is_said_in_words_and_not_judged(tmp_path):
    name = f"{ADA.id}/203001-0000000000000000.jsonl"
    (tmp_path / FOLDER / ADA.id).mkdir(parents=True)
    (tmp_path / FOLDER / name).write_bytes(
        header_line(Header(FORMAT + 1, ADA, "s", name, "2030-01-01T00:00:00Z"))[0] + b'{"new":true}\n'
    )
    found = read(tmp_path)
    assert (
        not found.records and [p.grave for p in found.problems] == [False] and "newer version" in found.problems[0].what
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\n\n\n",
        b"{}\n",
        b"null\n",
        b"\xff\xfe\n",
        b"[" * 100_000,
        b'{"ledger":1}\n',
        b'{"ledger":"x"}\n{}\n',
        b"\x00" * 5000,
    ],
)
def test_rubbish_is_reported_and_never_raises(tmp_path, content):
    session(tmp_path, ADA, range(2))
    (tmp_path / FOLDER / ADA.id / "rubbish.jsonl").write_bytes(content)
    found = read(tmp_path)
    assert len(found.records) == 2 and found.problems


def test_reading_again_costs_little_and_sees_every_change(tmp_path):
    file = tmp_path / session(tmp_path, ADA, range(50))
    os.utime(file, (1, 1))
    for _ in range(2):
        assert len(read(tmp_path).records) == 50
    content = file.read_bytes()
    file.write_bytes(content.replace(b"human", b"robot", 1))
    assert len(read(tmp_path).records) == 49, "a changed line does not count, at once"
    file.write_bytes(content)
    assert len(read(tmp_path).records) == 50
    file.unlink()
    assert not read(tmp_path).records


def test_a_record_is_never_changed_and_can_be_made_by_hand():
    made = Record(
        kind="explained",
        at="2026-11-23T10:00:00Z",
        person=ADA.id,
        fingerprint=fp(1),
        closure="",
        data={"what": "x"},
        file="f",
        line=3,
    )
    made.data["what"] = "y"
    assert made.data["what"] == "x" and made == Record(*made) and len({made, Record(*made)}) == 1
    with pytest.raises(AttributeError):
        made.kind = "checked"


# ---- any cut, anywhere

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 4), st.text(max_size=20)),
        st.tuples(st.just("reopen"), st.just(0), st.just("")),
        st.tuples(st.just("cut"), st.integers(0, 2000), st.just("")),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_sequence_of_appends_reopenings_and_cuts(tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("ledger")
    book, acknowledged, cut_inside = Ledger(root, ADA), {}, set()
    for step, n, text in steps:
        if step == "append":
            for _ in range(n):
                record = book.append("explained", fp(len(acknowledged)), what=text)
                acknowledged[record.hash] = record
        elif step == "reopen":
            book.close()
            book = Ledger(root, ADA)
        elif acknowledged:
            file = root / list(acknowledged.values())[-1].file
            content = file.read_bytes()
            left = content[:n]
            file.write_bytes(left)
            acknowledged = {
                h: r for h, r in acknowledged.items() if root / r.file != file or f'"hash":"{h}"}}'.encode() in left
            }
            cut_inside.discard(str(file.relative_to(root)))
            if not left.endswith(b"\n"):
                cut_inside.add(str(file.relative_to(root)))
    found = read(root)
    assert {r.hash for r in found.records} == acknowledged.keys()
    reported = {p.where.rpartition(":")[0] for p in found.problems}
    assert cut_inside <= reported
    book.close()


def test_memory_of_a_record_is_bounded(tmp_path):
    "A million records are to fit into a gigabyte, so the data of a record is kept as its line."
    import tracemalloc

    session(tmp_path, ADA, range(2000))
    history._scans.clear()
    gc.collect()
    tracemalloc.start()
    found = read(tmp_path)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used / len(found.records) < 900


def test_the_form_of_a_line_is_kept():
    "Ledgers are read for years: this line was written by the first version, and must stay readable and verifiable."
    name = f"{ADA.id}/202611-0000000000000000.jsonl"
    first, seed = header_line(Header(1, ADA, "s1", name, "2026-11-23T10:00:00Z"))
    line, digest = record_line(seed, seed, "executed", "2026-11-23T10:00:01Z", fp(1), "", {"origin": "human"})
    assert (seed, digest) == ("92178a1d97f4d5d29f5ca3518c535cb9", "93091d4739a1cf0ae8d59b40c7b065f6")
    assert list(msgspec.json.decode(line)) == [
        "kind",
        "at",
        "fingerprint",
        "closure",
        "prev",
        "data",
        "hash",
    ] and first.endswith(b"\n")
