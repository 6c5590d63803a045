"Whose hand a record came from: sessions signed with real ssh and gpg keys, commits signed by git, and what forgers try."

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from export_support import ADA, BOB, Lab
from kernel_support import driving, make_project
from ledger_support import fp

from comprehend_nb.ledger.audit import audit
from comprehend_nb.ledger.chain import header_line, record_line
from comprehend_nb.export.checking import check
from comprehend_nb.export.reduced import history_of
from comprehend_nb.cli import main
from comprehend_nb.ledger.history import ledger_files, scan_file
from comprehend_nb.ledger import Ledger, local, provenance, read, signing
from comprehend_nb.ledger.signing import ALLOWED, Allowed, allowed_signers, key_of, seal_session, signatures, signer_of
from comprehend_nb.export.witness import signed_only

needs_ssh = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
needs_gpg = pytest.mark.skipif(not shutil.which("gpg"), reason="needs gpg")
pytestmark = needs_ssh


def make_key(path: Path, passphrase: str = "") -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", path.name, "-f", str(path)], check=True
    )
    return path


def line_for(person, key: Path) -> str:
    return f"{person.email} {key.with_suffix('.pub').read_text().strip()}\n"


class SignedLab(Lab):
    "A project of two people with a key each; the main line vouches for both."

    def __init__(self, root: Path, keys: Path) -> None:
        super().__init__(root)
        self.sample()
        keys.mkdir()
        self.keys = {p.id: make_key(keys / p.id.split("-")[0]) for p in (ADA, BOB)}
        (root / ".comprehend").mkdir()
        (root / ALLOWED).write_text("".join(line_for(p, self.keys[p.id]) for p in (ADA, BOB)))
        self.git("config", "gpg.format", "ssh")
        self.commit("begin")

    def told(self, person=ADA, *, sign=True, key=None, only=None):
        "One session of this person that explains the cells that bind a name in `only` (all of them)."
        self.git("config", "user.signingkey", str(key or self.keys[person.id]))
        self.understand(only, **{"person": person})
        if sign:
            for scan in self.scans():
                if scan.header.person.id == person.id:
                    seal_session(self.root, scan, signer_of(self.root))
        return self

    def scans(self):
        return [scan_file(self.root, name, state) for name, state in ledger_files(self.root, [])]

    def signed(self):
        "The reasons and notes of `check --signed`, beyond those of `check`."
        report = check(self.project)
        assert report.ok, report.problems
        return signed_only(self.project, report, read(self.root))


@pytest.fixture
def lab(tmp_path):
    return SignedLab(tmp_path / "shop", tmp_path / "keys")


def test_signed_sessions_hold_and_unsigned_ones_name_what_would_count(lab):
    lab.told(ADA)
    reasons, notes = lab.signed()
    assert reasons == [] and str(notes[0]).startswith("records: 5 signed, 0 committed, 0 local")
    lab.edit("nbs/01_till.ipynb", "sum(map", "2 * sum(map")
    lab.told(ADA, sign=False, only=["total"])
    reasons, notes = lab.signed()
    (reason,) = reasons
    assert (
        reason.symbol == "total"
        and "the session was not signed" in reason.what
        and "comprehend-nb sign" in reason.remedy
    )
    assert str(notes[0]).startswith("records: 4 signed, 0 committed, 1 local")
    lab.commit("by Ada, not signed")
    assert str(lab.signed()[1][0]).startswith("records: 4 signed, 1 committed, 0 local")


def test_a_commit_of_the_author_that_is_signed_counts_as_well_and_somebody_elses_does_not(lab, tmp_path):
    (tmp_path / "allowed").write_text((lab.root / ALLOWED).read_text())
    lab.git("config", "gpg.ssh.allowedSignersFile", str(tmp_path / "allowed"))
    lab.told(ADA, sign=False)
    lab.git("add", "-A")
    lab.git("commit", "-q", "-S", "-m", "work", who=ADA)
    assert lab.signed()[0] == []
    lab.edit("nbs/01_till.ipynb", "sum(map", "2 * sum(map")
    lab.told(BOB, sign=False, only=["total"])
    lab.git("config", "user.signingkey", str(lab.keys[ADA.id]))
    lab.git("add", "-A")
    lab.git("commit", "-q", "-S", "-m", "brought by Ada", who=ADA)
    assert any(p.kind == "author" for p in audit(lab.root)), "said without any signature as well"
    report = check(lab.project)
    reasons, _ = signed_only(lab.project, report, read(lab.root))
    assert [r.symbol for r in reasons] == ["total"] and "by someone else" in reasons[0].what


def test_two_explainers_must_both_have_signed(lab):
    lab.policy("explainers = 2\n")
    lab.told(ADA).told(BOB, sign=False)
    reasons, _ = lab.signed()
    assert {r.symbol for r in reasons} == {"gross", "total"}, "an explanation of the second person is not signed"
    lab.told(BOB)
    assert lab.signed()[0] == []


def test_somebody_elses_key_signs_nothing_for_me(lab):
    lab.told(ADA, key=lab.keys[BOB.id])
    reasons, _ = lab.signed()
    assert len(reasons) == 5 and "no allowed signer says that this key is ada@example.org's" in reasons[0].what


def forge(lab, person, keep_seals: bool) -> None:
    "Every hash of a person's sessions made anew, over changed words."
    for scan in lab.scans():
        if scan.header.person.id == person.id:
            content, seed = header_line(scan.header)
            prev = seed
            for r in scan.records:
                line, prev = record_line(
                    seed,
                    prev,
                    r.kind,
                    r.at,
                    r.fingerprint,
                    r.closure,
                    r.data | {"why": "because it was always so, and nobody asked"},
                )
                content += line
            for s in scan.seals if keep_seals else ():
                line, prev = record_line(seed, prev, "signed", s.at, "", "", s.data)
                content += line
            (lab.root / scan.file).write_bytes(content)


@pytest.mark.parametrize("keep_seals", [True, False])
def test_a_file_computed_anew_is_forged_or_unsigned_and_never_signed(lab, keep_seals):
    "Not committed yet, so that neither git nor the chain could tell."
    lab.told(ADA)
    forge(lab, ADA, keep_seals)
    assert [p for p in audit(lab.root) if p.grave] == [], "without signatures nobody can tell"
    report = check(lab.project)
    reasons, _ = signed_only(lab.project, report, read(lab.root))
    assert any("does not fit" in r.what for r in reasons) is keep_seals
    assert {r.symbol for r in reasons if r.kind == "unsigned"} >= {"gross", "total"}


def test_a_closing_line_of_another_file_or_another_place_signs_nothing(lab, tmp_path):
    lab.told(ADA)
    (one,) = [s for s in lab.scans() if s.header.person.id == ADA.id]
    with Ledger(lab.root, ADA) as book:
        other = book.append("explained", fp(1), what="x")
    two = next(s for s in lab.scans() if s.file == other.file)
    line, _ = record_line(two.seed, two.records[-1].hash, "signed", one.seals[0].at, "", "", one.seals[0].data)
    with (lab.root / two.file).open("ab") as f:
        f.write(line)
    found = signatures(lab.root, lab.scans(), allowed_signers(lab.root))
    assert [(p.where, p.kind) for p in found.problems] == [(f"{two.file}:3", "forged")] and one.file in found.until


def test_a_good_closing_line_is_verified_once_and_nothing_else_is_believed_for_it(lab, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        signing,
        "_run",
        lambda command, *args, run=signing._run, **more: asked.append(command) or run(command, *args, **more),
    )

    def runs():
        "How many programs this asks, and the reasons."
        asked.clear()
        reasons, _ = lab.signed()
        return sum("verify" in c or "check-novalidate" in c for c in asked), reasons

    local(lab.root)
    lab.told(ADA)
    assert [runs(), runs()] == [(1, []), (0, [])]
    with monkeypatch.context() as large:
        large.setattr("comprehend_nb.export.reduced._SMALL", -1)
        assert signed_only(lab.project, check(lab.project), history_of(lab.root)) == lab.signed(), (
            "of a large ledger, whose files are not read for it"
        )
    kept = lab.root / ".comprehend/local/good-seals"
    before = kept.read_bytes()
    kept.write_bytes(before[:-3] + bytes([before[-3] ^ 1]) + before[-2:])
    assert runs() == (1, []), "somebody changed it"
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
        assert runs() == (1, []), "another person's machine, to which a clone brought it along"
    allowed = (lab.root / ALLOWED).read_text()
    (lab.root / ALLOWED).write_text(allowed.replace(ADA.email, "nobody@example.org"))
    lab.commit("Ada's key is nobody's now")
    again, reasons = runs()
    assert again == 2 and reasons, "which key is whose has changed"
    (lab.root / ALLOWED).write_text(allowed)
    lab.commit("and back")
    assert runs()[1] == []
    forge(lab, ADA, keep_seals=True)
    reasons, _ = signed_only(lab.project, check(lab.project), read(lab.root))
    assert any("does not fit" in r.what for r in reasons), "the same closing lines, over other words"


def test_a_good_commit_is_verified_once_as_long_as_the_same_keys_count(lab, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "comprehend_nb.export.witness.signed", lambda root, ids: asked.append(len(ids)) or provenance.signed(root, ids)
    )
    allowed = tmp_path / "allowed"
    allowed.write_text((lab.root / ALLOWED).read_text())
    lab.git("config", "gpg.ssh.allowedSignersFile", str(allowed))
    local(lab.root)
    lab.told(ADA, sign=False)
    lab.git("add", "-A")
    lab.git("commit", "-q", "-S", "-m", "work", who=ADA)

    def run():
        "How many commits git verifies, and how many cells rest on what nobody signed."
        asked.clear()
        short = len(lab.signed()[0])
        return sum(asked), short

    assert [run(), run()] == [(1, 0), (0, 0)]
    lab.edit("nbs/01_till.ipynb", "sum(map", "2 * sum(map")
    lab.told(ADA, sign=False, only=["total"]).commit("not signed")
    assert [run(), run()] == [(1, 1), (1, 1)], "what was not good is asked about again"
    kept = lab.root / ".comprehend/local/good-commits"
    before = kept.read_bytes()
    kept.write_bytes(before[:-3] + bytes([before[-3] ^ 1]) + before[-2:])
    assert run() == (2, 1), "somebody changed it"
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
        assert run() == (2, 1), "another person's machine, to which a clone brought it along"
    allowed.write_text(allowed.read_text().replace(ADA.email, "nobody@example.org"))
    assert run() == (2, 5), "which key is whose has changed"


def test_what_was_put_in_after_signing_is_not_signed_and_what_was_cut_off_shows(lab):
    lab.told(ADA)
    (scan,) = lab.scans()
    line, _ = record_line(scan.seed, scan.seals[0].hash, "explained", "2026-11-26T10:00:00Z", fp(7), "", {"what": "x"})
    with (lab.root / scan.file).open("ab") as f:
        f.write(line)
    found = signatures(lab.root, lab.scans(), allowed_signers(lab.root))
    assert (
        not found.covers(next(r for r in read(lab.root).records if r.fingerprint == fp(7)))
        and found.until[scan.file] == scan.seals[0].line
    )
    lines = (lab.root / scan.file).read_bytes().splitlines(keepends=True)
    (lab.root / scan.file).write_bytes(b"".join([*lines[:3], *lines[4:]]))
    assert {p.kind for p in audit(lab.root) if p.grave} == {"removed"}
    assert [p.kind for p in signatures(lab.root, lab.scans(), allowed_signers(lab.root)).problems] == ["forged"]


def test_a_branch_cannot_vouch_for_its_own_keys(lab, tmp_path):
    "The file of allowed signers that counts is that of the main line."
    mallory = make_key(tmp_path / "mallory")
    lab.git("switch", "-q", "-c", "branch")
    with (lab.root / ALLOWED).open("a") as f:
        f.write(line_for(ADA, mallory))
    lab.told(ADA, key=mallory)
    lab.commit("records, and the key that signed them")
    reasons, notes = lab.signed()
    assert len(reasons) == 5 and any("count once they are on the main line" in str(n) for n in notes)
    lab.git("switch", "-q", "main")
    lab.git("merge", "-q", "--no-edit", "branch")
    assert lab.signed()[0] == [], "the team let it in"


def test_a_key_that_needs_a_passphrase_keeps_no_kernel_waiting(lab, tmp_path):
    locked = make_key(tmp_path / "locked", "a passphrase")
    lab.git("config", "user.signingkey", str(locked))
    with Ledger(lab.root, ADA, signer=lambda: signer_of(lab.root)) as book:
        record = book.append("explained", fp(1), what="x")
    assert "could not be used" in book.unsigned and "comprehend-nb sign" in book.unsigned
    assert record in read(lab.root).records and not [s for s in lab.scans() if s.seals]


def test_the_key_that_git_signs_with(lab, tmp_path):
    assert key_of(lab.root) is None
    lab.git("config", "user.signingkey", lab.keys[ADA.id].with_suffix(".pub").read_text().strip())
    assert key_of(lab.root).name.startswith("ssh-ed25519 ")
    lab.git("config", "gpg.format", "x509")
    assert key_of(lab.root) is None
    lab.git("config", "gpg.format", "openpgp")
    assert key_of(lab.root).program == "gpg"


def test_a_key_in_the_agent_signs_by_its_public_text(lab, monkeypatch):
    if not shutil.which("ssh-agent"):
        pytest.skip("needs ssh-agent")
    said = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    agent = dict(
        part.strip().split("=", 1)
        for line in said.splitlines()
        for part in line.split(";")
        if part.strip().startswith("SSH_")
    )
    for name, value in agent.items():
        monkeypatch.setenv(name, value)
    try:
        subprocess.run(["ssh-add", "-q", str(lab.keys[ADA.id])], check=True)
        text = lab.keys[ADA.id].with_suffix(".pub").read_text().strip()
        lab.keys[ADA.id].rename(lab.keys[ADA.id].with_suffix(".away"))
        lab.told(ADA, key=f"key::{text}")
        assert lab.signed()[0] == []
    finally:
        os.kill(int(agent["SSH_AGENT_PID"]), 15)


@needs_gpg
def test_gpg_keys(lab, tmp_path, monkeypatch):
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    try:
        for person in (ADA, BOB):
            subprocess.run(
                [
                    "gpg",
                    "--batch",
                    "--quiet",
                    "--pinentry-mode",
                    "loopback",
                    "--passphrase",
                    "",
                    "--quick-gen-key",
                    f"{person.name} <{person.email}>",
                    "ed25519",
                    "sign",
                ],
                check=True,
                capture_output=True,
            )
        lab.git("config", "gpg.format", "openpgp")
        lab.told(ADA, key=ADA.email)
        reasons, notes = lab.signed()
        assert reasons == [] and str(notes[0]).startswith("records: 5 signed")
        assert all(s.seals[0].data["format"] == "openpgp" for s in lab.scans())
        forge(lab, ADA, keep_seals=True)
        found = signatures(lab.root, lab.scans(), Allowed())
        assert {p.kind for p in found.problems} == {"forged"} and not found.until
        lab.told(BOB, key=ADA.email)
        found = signatures(lab.root, lab.scans(), Allowed())
        assert not any(BOB.id in f for f in found.until) and any(
            "not one of bob@example.org's" in why for why in found.whys.values()
        )
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=os.environ | {"GNUPGHOME": str(home)}, check=False)


def test_the_commands(lab, monkeypatch, capsys):
    for name, value in (("GIT_AUTHOR_NAME", ADA.name), ("GIT_AUTHOR_EMAIL", ADA.email)):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(lab.root)
    lab.told(ADA, sign=False)
    lab.told(BOB, sign=False, only=["gross"])
    lab.git("config", "user.signingkey", str(lab.keys[ADA.id]))
    assert main(["check"]) == 0 and "5 standings rest on records that are in no commit" in capsys.readouterr().out
    assert main(["check", "--signed"]) == 1 and "gross: it rests on what nobody signed" in capsys.readouterr().out
    assert main(["sign"]) == 0
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith(f"signed .comprehend/ledger/{ADA.id}/"), "her own, and nobody else's"
    assert main(["sign", "--json"]) == 0 and json.loads(capsys.readouterr().out) == {
        "ok": True,
        "signed": [],
        "left": [],
    }
    assert main(["check", "--signed"]) == 0
    lab.git("config", "--unset", "user.signingkey")
    assert main(["sign"]) == 2 and "git is told no key" in capsys.readouterr().err


@pytest.mark.parametrize("dies", [False, True])
def test_a_kernel_signs_its_session_when_it_ends_and_one_that_dies_is_unsigned(tmp_path, dies):
    project = make_project(tmp_path / "p")
    key = make_key(tmp_path / "key")
    for name, value in {"gpg.format": "ssh", "user.signingkey": str(key), "commit.gpgsign": "true"}.items():
        subprocess.run(["git", "config", name, value], cwd=project, check=True)
    with driving(project) as d:
        d.run("#| export\ndef f(x):\n    return x + 1", "c1")
        d.run("%ai_status")
        if dies:
            os.kill(int(d.run("import os; os.getpid()")), 9)
        else:
            d.kernel.client.shutdown()  # as a front end asks for it
            until = time.monotonic() + 60
            while d.kernel._manager.is_alive() and time.monotonic() < until:
                time.sleep(0.1)
    (scan,) = [scan_file(project, name, state) for name, state in ledger_files(project, [])]
    found = signatures(project, [scan], Allowed(f"ada@example.org {key.with_suffix('.pub').read_text()}"))
    assert scan.records and bool(found.until) is not dies
    assert found.whys.get(scan.file, "") == ("the session was not signed" if dies else "")
