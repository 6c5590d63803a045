"Whoever removes, changes, re-orders, copies or forges a line of the ledger is seen, with file and line; and whoever does not is left in peace."

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_support import ADA, BOB, Repo, fp, session

from comprehend_nb.ledger.audit import audit
from comprehend_nb.ledger.chain import FORMAT, Header, header_line, record_line
from comprehend_nb.ledger import FOLDER, Ledger, Person, read
from comprehend_nb.ledger.provenance import Provenance


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def grave(root: Path) -> list[tuple[str, str]]:
    return [(p.where, p.kind) for p in audit(root) if p.grave]


def rebuilt(root: Path, file: str, person: Person, numbers: list[int]) -> None:
    "A whole file computed anew: a forger who knows the form."
    name = file.removeprefix(f"{FOLDER}/")
    content, seed = header_line(Header(FORMAT, person, "forged", name, "2026-11-23T10:00:00Z"))
    prev = seed
    for n in numbers:
        line, prev = record_line(seed, prev, "explained", "2026-11-23T10:00:00Z", fp(n), "", {"what": "x"})
        content += line
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_bytes(content)


@pytest.fixture
def repo(tmp_path):
    "Two people, two committed sessions each."
    repo = Repo(tmp_path / "repo")
    for k, who in enumerate((ADA, BOB, ADA, BOB)):
        session(repo.root, who, range(k * 10, k * 10 + 5))
        repo.commit(who)
    assert audit(repo.root) == []
    return repo


def a_file(root: Path, who: Person = ADA) -> str:
    "The path of one of this person's committed files."
    return sorted(str(p.relative_to(root)) for p in (root / FOLDER / who.id).iterdir())[0]


# ---- known bad, on disk


def test_a_changed_line(repo):
    file = a_file(repo.root)
    lines = lines_of(repo.root / file)
    (repo.root / file).write_bytes(b"".join([*lines[:3], lines[3].replace(b"human", b"robot"), *lines[4:]]))
    assert {(f"{file}:4", "rewritten"), (f"{file}:5", "removed")} <= set(grave(repo.root))


def test_a_removed_line(repo):
    file = a_file(repo.root)
    lines = lines_of(repo.root / file)
    (repo.root / file).write_bytes(b"".join([*lines[:3], *lines[4:]]))
    assert {(f"{file}:4", "removed"), (f"{file}:4", "rewritten")} <= set(grave(repo.root))


def test_reordered_lines(repo):
    file = a_file(repo.root)
    lines = lines_of(repo.root / file)
    (repo.root / file).write_bytes(b"".join([*lines[:3], lines[4], lines[3], *lines[5:]]))
    assert (f"{file}:4", "reordered") in grave(repo.root)


def test_a_last_line_cut_off_whole(repo):
    file = a_file(repo.root)
    (repo.root / file).write_bytes(b"".join(lines_of(repo.root / file)[:-1]))
    assert grave(repo.root) == [(f"{file}:6", "rewritten")]


def test_a_line_repeated(repo):
    file = a_file(repo.root)
    lines = lines_of(repo.root / file)
    (repo.root / file).write_bytes(b"".join([*lines, lines[2]]))
    assert grave(repo.root) == [(f"{file}:7", "repeated")]


@pytest.mark.parametrize("source", ["another person", "another file", "another project"])
def test_a_line_copied_in(repo, tmp_path, source):
    file = a_file(repo.root)
    if source == "another project":
        other = tmp_path / "other"
        from_file = other / session(other.mkdir() or other, ADA, range(900, 903))
    elif source == "another person":
        from_file = repo.root / a_file(repo.root, BOB)
    else:
        from_file = sorted((repo.root / FOLDER / ADA.id).iterdir())[1]
    before = len(read(repo.root).records)
    with (repo.root / file).open("ab") as f:
        f.write(lines_of(from_file)[2])
    assert grave(repo.root) == [(f"{file}:7", "rewritten")] and len(read(repo.root).records) == before


@pytest.mark.parametrize("place", ["another person's folder", "another name"])
def test_a_file_copied(repo, place):
    file = repo.root / a_file(repo.root)
    target = repo.root / FOLDER / (BOB.id if place == "another person's folder" else ADA.id) / "202611-copied.jsonl"
    shutil.copy(file, target)
    before = len(read(repo.root).records)
    assert (
        grave(repo.root) == [(f"{target.relative_to(repo.root)}:1", "forged")]
        and len(read(repo.root).records) == before == 20
    )


def test_a_file_copied_from_another_project_is_said(repo, tmp_path):
    other = Repo(tmp_path / "other")
    (other.root / "x").write_text("x")
    other.commit()
    file = session(other.root, ADA, range(3))
    shutil.copy(other.root / file, repo.root / file)
    assert [(p.where, p.grave) for p in audit(repo.root)] == [(f"{file}:1", False)] and "another repository" in audit(
        repo.root
    )[0].what
    repo.commit(BOB)
    assert grave(repo.root) == [(f"{file}:1", "author")]


def test_a_header_that_names_somebody_else(repo):
    file = f"{FOLDER}/{ADA.id}/202611-aaaa.jsonl"
    rebuilt(repo.root, file, Person(ADA.id, "Bob", "bob@example.org"), [1])
    assert grave(repo.root) == [(f"{file}:1", "forged")]


def test_a_file_removed_from_disk_and_then_from_the_repository(repo):
    file = a_file(repo.root)
    (repo.root / file).unlink()
    assert grave(repo.root) == [(file, "vanished")]
    repo.commit(BOB, "clean up")
    assert grave(repo.root) == [(file, "vanished")]
    assert "by Bob <bob@example.org> removed it" in next(p.what for p in audit(repo.root) if p.grave)


def test_a_file_of_a_person_who_is_wholly_gone(repo):
    shutil.rmtree(repo.root / FOLDER / BOB.id)
    assert {k for _, k in grave(repo.root)} == {"vanished"} and len(grave(repo.root)) == 2
    shutil.rmtree(repo.root / ".comprehend")
    assert len(grave(repo.root)) == 4


def test_an_uncommitted_file_cut_short_is_contradicted_by_a_later_session(tmp_path):
    file = session(tmp_path, ADA, range(5))
    session(tmp_path, BOB, range(2))
    assert not grave(tmp_path)
    (tmp_path / file).write_bytes(b"".join(lines_of(tmp_path / file)[:-2]))
    assert grave(tmp_path) == [(f"{file}:4", "removed")]


def test_an_uncommitted_file_that_went_away_is_said(tmp_path):
    file = session(tmp_path, ADA, range(5))
    session(tmp_path, BOB, range(2))
    (tmp_path / file).unlink()
    assert any(file in p.what and not p.grave for p in audit(tmp_path))


# ---- known bad, committed


def test_a_file_rewritten_whole_and_committed(repo):
    "The forger computes every hash anew, and commits: the file, HEAD and the chain agree. History does not."
    file = a_file(repo.root)
    rebuilt(repo.root, file, ADA, [1, 2, 3, 4, 5])
    assert (f"{file}:1", "rewritten") in grave(repo.root)
    repo.commit(ADA, "nothing to see")
    found = [p for p in audit(repo.root) if p.where == f"{file}:1" and p.kind == "rewritten"]
    assert found and "by Ada" in found[0].what


def test_rewritten_within_a_merge_commit(repo):
    file = a_file(repo.root)
    repo.git("switch", "-q", "-c", "side")
    session(repo.root, ADA, range(50, 52))
    repo.commit()
    repo.git("switch", "-q", "main")
    session(repo.root, BOB, range(60, 62))
    repo.commit(BOB)
    repo.git("merge", "-q", "--no-commit", "--no-ff", "side")
    rebuilt(repo.root, file, ADA, [1, 2, 3])
    repo.commit(BOB, "merge")
    assert any(where == f"{file}:1" and kind == "rewritten" for where, kind in grave(repo.root))


def test_a_forged_file_added_within_a_merge_commit(repo):
    repo.git("switch", "-q", "-c", "side")
    session(repo.root, ADA, range(50, 52))
    repo.commit()
    repo.git("switch", "-q", "main")
    (repo.root / "x").write_text("x")
    repo.commit(BOB)
    repo.git("merge", "-q", "--no-commit", "--no-ff", "side")
    forged = session(repo.root, ADA, range(70, 72))
    repo.commit(BOB, "merge")
    assert grave(repo.root) == [(f"{forged}:1", "author")]


def test_a_merge_that_drops_the_other_sides_records(repo):
    repo.git("switch", "-q", "-c", "side")
    dropped = session(repo.root, ADA, range(50, 52))
    repo.commit()
    repo.git("switch", "-q", "main")
    (repo.root / "x").write_text("x")
    repo.commit(BOB)
    repo.git("merge", "-q", "-s", "ours", "--no-edit", "side")
    assert grave(repo.root) == [(dropped, "vanished")]


def test_a_merge_that_drops_lines_of_a_file(repo):
    book = Ledger(repo.root, ADA)
    file = book.append("explained", fp(1)).file
    repo.commit()
    repo.git("switch", "-q", "-c", "side")
    assert book.append("explained", fp(2)).file == file
    repo.commit()
    repo.git("switch", "-q", "main")
    (repo.root / "x").write_text("x")
    repo.commit(BOB)
    repo.git("merge", "-q", "-s", "ours", "--no-edit", "side")
    assert grave(repo.root) == [(f"{file}:3", "rewritten")]


def test_a_session_forged_for_somebody_else(repo):
    forged = session(repo.root, ADA, range(70, 74))
    repo.commit(BOB)
    assert grave(repo.root) == [(f"{forged}:1", "author")]
    assert "lines 1 to 5 are records of Ada" in next(p.what for p in audit(repo.root) if p.grave)
    evidence = [Provenance(repo.root, [ADA, BOB]).of(r) for r in read(repo.root).records if r.file == forged]
    assert {(e.level, e.own) for e in evidence} == {("committed", False)}


def test_lines_added_to_somebody_elses_file(repo):
    book = Ledger(repo.root, ADA)
    file = book.append("explained", fp(1)).file
    repo.commit(ADA)
    book.append("explained", fp(2))
    repo.commit(BOB)
    assert grave(repo.root) == [(f"{file}:3", "author")]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_is_seen(tmp_path, data):
    "Outside a repository, by the chain alone."
    root = tmp_path / "bytes"
    if not root.exists():
        session(root.mkdir() or root, ADA, range(6))
    file = next((root / FOLDER / ADA.id).iterdir())
    content = file.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != content[at]))
    try:
        file.write_bytes(content[:at] + bytes([byte]) + content[at + 1 :])
        number = content[:at].count(b"\n") + 1
        problems = [p for p in audit(root) if p.where != FOLDER]
        assert problems and any(int(p.where.rpartition(":")[2]) in (1, number, number + 1) for p in problems)
        hashes = {r.hash for r in read(root).records}
    finally:
        file.write_bytes(content)
    assert hashes <= {r.hash for r in read(root).records}, "and nothing new counts"


# ---- known good


def test_without_a_repository_it_says_local_only(tmp_path):
    session(tmp_path, ADA, range(2))
    assert [(p.grave, p.what[:10]) for p in audit(tmp_path)] == [(False, "local only")]
    assert [str(Provenance(tmp_path, [ADA]).of(r)) for r in read(tmp_path).records] == ["local only"] * 2
    assert audit(tmp_path / "nothing") == []


def test_without_git_it_says_local_only(tmp_path, monkeypatch):
    session(tmp_path, ADA, range(2))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [p.grave for p in audit(tmp_path)] == [False]


def test_growing_files_and_uncommitted_ones_are_fine(repo):
    with Ledger(repo.root, ADA) as book:
        for n in range(4):
            book.append("explained", fp(n))
            assert audit(repo.root) == []
            if n == 1:
                repo.commit()
    levels = [Provenance(repo.root, [ADA, BOB]).of(r).level for r in read(repo.root).records]
    assert levels.count("local") == 2 and levels.count("committed") == 22


def test_a_snapshot_taken_in_the_middle_of_a_line_is_fine(repo):
    file = session(repo.root, ADA, range(70, 73))
    content = (repo.root / file).read_bytes()
    (repo.root / file).write_bytes(content[:-20])
    repo.commit()
    (repo.root / file).write_bytes(content)
    repo.commit()
    assert audit(repo.root) == []


def test_a_crash_is_no_accusation(repo):
    file = session(repo.root, ADA, range(70, 73))
    (repo.root / file).write_bytes((repo.root / file).read_bytes()[:-20])
    repo.commit()
    assert [(p.kind, p.grave) for p in audit(repo.root)] == [("torn", False)]


@pytest.mark.parametrize(
    "how", ["merge", "rebase", "cherry-pick", "squash by the person", "squash with co-author", "squash, branch kept"]
)
def test_ways_of_bringing_a_branch_home(repo, how):
    repo.git("switch", "-q", "-c", "side")
    for k in range(3):
        session(repo.root, ADA, range(50 + k * 5, 54 + k * 5))
        repo.commit(ADA)
    repo.git("switch", "-q", "main")
    session(repo.root, BOB, range(60, 62), kind="explained")
    repo.commit(BOB)
    if how == "merge":
        repo.git("merge", "-q", "--no-edit", "side", who=BOB)
    elif how == "rebase":
        repo.git("rebase", "-q", "main", "side", who=BOB)
        repo.git("switch", "-q", "main")
        repo.git("merge", "-q", "--ff-only", "side")
    elif how == "cherry-pick":
        repo.git("cherry-pick", "main..side", who=BOB)
        repo.git("merge", "-q", "--no-edit", "side", who=BOB)
    else:
        repo.git("merge", "-q", "--squash", "side", who=BOB)
        text = "work\n\nCo-authored-by: Ada <ada@example.org>" if how == "squash with co-author" else "work"
        repo.git("commit", "-q", "-m", text, who=ADA if how == "squash by the person" else BOB)
        if how != "squash, branch kept":
            repo.git("branch", "-q", "-D", "side")
    assert audit(repo.root) == [] and len(read(repo.root).records) == 34


def test_a_squash_by_somebody_else_without_a_trace_of_the_person_is_said(repo):
    repo.git("switch", "-q", "-c", "side")
    file = session(repo.root, ADA, range(50, 54))
    repo.commit(ADA)
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", "--squash", "side", who=BOB)
    repo.git("commit", "-q", "-m", "work", who=BOB)
    repo.git("branch", "-q", "-D", "side")
    assert grave(repo.root) == [(f"{file}:1", "author")]


def test_a_new_email_is_the_same_person_where_mailmap_says_so(repo):
    renamed = Person.of("Ada", "ada@work.example")
    session(repo.root, ADA, range(70, 72))
    repo.commit(renamed)
    assert [k for _, k in grave(repo.root)] == ["author"]
    (repo.root / ".mailmap").write_text("Ada <ada@example.org> <ada@work.example>\n")
    assert audit(repo.root) == []


def test_a_shallow_clone_accuses_nobody_and_says_why(repo, tmp_path):
    session(repo.root, BOB, range(70, 72))
    repo.commit(BOB)
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(tmp_path / "shallow"))
    problems = audit(tmp_path / "shallow")
    assert [p.grave for p in problems] == [False] and "shallow" in problems[0].what


def test_a_branch_switched_under_a_running_kernel_is_fine(repo):
    book = Ledger(repo.root, ADA)
    for n, branch in enumerate(("one", "two", "one", "main", "two", "main")):
        repo.git("switch", "-q", branch) if n > 1 else repo.git("switch", "-q", "-c", branch, "main")
        for k in range(3):
            book.append("explained", fp(n * 10 + k))
        repo.commit()
        assert audit(repo.root) == [], branch
    for branch in ("one", "two"):
        repo.git("merge", "-q", "--no-edit", branch)
    assert audit(repo.root) == [] and len(read(repo.root).records) == 38


def test_a_project_in_a_folder_of_a_repository_and_moved_in_it(tmp_path):
    repo = Repo(tmp_path)
    project = tmp_path / "päckages" / "a b"
    session(project.mkdir(parents=True) or project, ADA, range(3))
    repo.commit(ADA)
    assert audit(project) == []
    file = next((project / FOLDER / ADA.id).iterdir())
    file.write_bytes(b"".join(lines_of(file)[:-1]))
    assert [k for _, k in grave(project)] == ["rewritten"]
    repo.git("checkout", "--", ".")
    repo.git("mv", "päckages", "moved", who=BOB)
    repo.commit(BOB, "move")
    assert grave(tmp_path / "moved" / "a b") == [], "Ada committed these lines, in another folder"


def test_variables_of_a_hook_do_not_mislead(repo, tmp_path, monkeypatch):
    other = Repo(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git" / "index"))
    assert audit(repo.root) == []
    (repo.root / a_file(repo.root)).unlink()
    assert grave(repo.root)


def test_git_is_started_a_few_times_however_many_files_there_are(repo, monkeypatch):
    for k in range(30):
        session(repo.root, ADA, range(100 + k, 101 + k))
    repo.commit()
    real, started = subprocess.run, []
    monkeypatch.setattr(subprocess, "run", lambda command, **k: started.append(command) or real(command, **k))
    assert audit(repo.root) == [] and len(started) <= 6


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
def test_signatures(repo, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(key)], check=True)
    (tmp_path / "allowed").write_text(f"ada@example.org {(tmp_path / 'key.pub').read_text()}")
    for name, value in {
        "gpg.format": "ssh",
        "user.signingkey": f"{key}.pub",
        "gpg.ssh.allowedSignersFile": str(tmp_path / "allowed"),
    }.items():
        repo.git("config", name, value)
    signed = session(repo.root, ADA, range(70, 72))
    repo.git("add", "-A")
    repo.git("commit", "-q", "-S", "-m", "signed", who=ADA)
    borrowed = session(repo.root, BOB, range(80, 82))
    repo.git("add", "-A")
    repo.git("commit", "-q", "-S", "-m", "signed with Ada's key", who=BOB)
    assert audit(repo.root, signatures=True) == []
    proof, unasked = Provenance(repo.root, [ADA, BOB], signatures=True), Provenance(repo.root, [ADA, BOB])
    levels = {r.file: proof.of(r).level for r in read(repo.root).records}
    assert (
        levels[signed] == "signed"
        and levels[borrowed] == "committed"
        and set(levels.values()) == {"signed", "committed"}
    )
    assert {unasked.of(r).level for r in read(repo.root).records} == {"committed"}


def test_random_damage_to_many_files_is_always_seen(repo):
    rng = random.Random(7)
    for path in (repo.root / FOLDER).rglob("*.jsonl"):
        lines, content = lines_of(path), path.read_bytes()
        for _ in range(6):
            damaged = lines.copy()
            where = rng.randrange(len(damaged))
            (
                lambda lines, k: lines.pop(k),
                lambda lines, k: lines.insert(k, rng.choice(lines)),
                lambda lines, k: rng.shuffle(lines),
                lambda lines, k: lines.__delitem__(slice(k, None)),
            )[rng.randrange(4)](damaged, where)
            if damaged != lines:
                path.write_bytes(b"".join(damaged))
                assert any(p.where.startswith(str(path.relative_to(repo.root))) for p in audit(repo.root) if p.grave)
        path.write_bytes(content)
    assert audit(repo.root) == [] and os.listdir(repo.root)
