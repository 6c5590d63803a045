"People, records and real git repositories for the tests of the ledger."

import os
import subprocess
import sys
from pathlib import Path

from comprehend_nb.ledger import Ledger, Person

ADA, BOB = Person.of("Ada", "ada@example.org"), Person.of("Bob", "bob@example.org")


def fp(n: int) -> str:
    "A fingerprint by number."
    return f"fp1:{n:032x}"


def session(root: Path, person: Person, numbers: range, kind: str = "executed") -> str:
    "One kernel session that records these numbers; returns its file."
    with Ledger(root, person) as book:
        for n in numbers:
            book.append(kind, fp(n), origin="human")
        return book.file


class Repo:
    "A git repository whose commits have the author one names, and nothing of this machine's configuration."

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *args: str, who: Person = ADA, ok: bool = True, feed: str | None = None) -> str:
        done = subprocess.run(
            ["git", *args],
            cwd=self.root,
            env=environ(who),
            capture_output=True,
            text=True,
            timeout=60,
            input=feed,
            check=False,
        )
        assert done.returncode == 0 or not ok, f"git {' '.join(args)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def commit(self, who: Person = ADA, message: str = "work") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, who=who)

    def clone(self, to: Path) -> "Repo":
        self.git("clone", "-q", str(self.root), str(to))
        other = object.__new__(Repo)
        other.root = to
        return other


def environ(who: Person = ADA) -> dict[str, str]:
    "An environment in which git knows this person and nothing else."
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": who.name,
        "GIT_AUTHOR_EMAIL": who.email,
        "GIT_COMMITTER_NAME": who.name,
        "GIT_COMMITTER_EMAIL": who.email,
    }


def start(code: str, *args: object) -> subprocess.Popen[str]:
    "A Python process that runs this code."
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
