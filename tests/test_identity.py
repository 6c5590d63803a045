"Who records: the order in which one asks, and names that are safe as folders."

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_support import Repo

from comprehend_nb import git as git_room
from comprehend_nb.ledger import identity
from comprehend_nb.ledger.identity import Person, slug, whoami

RESERVED = {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    "A machine that knows nobody."
    for name in [n for n in os.environ if n.startswith(("GIT_", "JUPYTERHUB_")) or n == "EMAIL"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    identity._asked.clear()


@given(st.text(max_size=80), st.text(max_size=80))
def test_an_id_is_always_a_plain_folder_name(name, email):
    found = Person.of(name, email)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,32}[a-z0-9])?", found.id)
    assert found.id.split(".")[0] not in RESERVED
    assert Path("base", found.id).parent == Path("base")
    assert Person.of(found.name, found.email).id == found.id or not (found.name or found.email), (
        "written and read back it is the same"
    )


def test_the_id_follows_the_email_and_not_its_case_or_the_name():
    assert (
        Person.of("Ada", "Ada@Example.org").id
        == Person.of("A. Lovelace", "ada@example.ORG ").id
        == slug("ada@example.org")
    )
    assert Person.of("Ada", "ada@example.org").id != Person.of("Ada", "ada@example.com").id
    assert Person.of("Ada").id != Person.of("Ada", "ada@example.org").id


def test_settings_come_before_git_and_git_before_the_hub(tmp_path, monkeypatch):
    repo = Repo(tmp_path)
    assert whoami(tmp_path) is None and whoami(None) is None
    monkeypatch.setenv("JUPYTERHUB_USER", "hub user")
    assert whoami(tmp_path) == Person.of("hub user", "", "hub")
    repo.git("config", "user.email", "ada@example.org")
    assert whoami(tmp_path) == Person.of("", "ada@example.org", "git")
    assert whoami(tmp_path, settings={"name": "Countess"}) == Person.of("Countess", "ada@example.org", "settings")
    assert whoami(tmp_path, settings={"email": "me@home.example", "name": "Me"}) == Person.of(
        "Me", "me@home.example", "settings"
    )


def test_git_is_heard_as_in_a_commit(tmp_path, monkeypatch):
    repo = Repo(tmp_path)
    for key, value in {"user.name": "U", "user.email": "u@example.org", "author.email": "author@example.org"}.items():
        repo.git("config", key, value)
    assert whoami(tmp_path).email == "author@example.org"
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "env@example.org")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Env")
    assert whoami(tmp_path) == Person.of("Env", "env@example.org", "git")


def test_another_repository_named_by_the_environment_is_not_asked(tmp_path, monkeypatch):
    here, other = Repo(tmp_path / "here"), Repo(tmp_path / "other")
    here.git("config", "user.email", "ada@example.org")
    other.git("config", "user.email", "mallory@example.org")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    assert whoami(here.root).email == "ada@example.org"


def test_git_is_asked_once(tmp_path, monkeypatch):
    Repo(tmp_path).git("config", "user.email", "ada@example.org")
    assert whoami(tmp_path)
    monkeypatch.setattr(identity, "git", lambda *a, **k: pytest.fail("asked again"))
    assert whoami(tmp_path).email == "ada@example.org"


def test_without_git_nobody_is_made_up(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert whoami(tmp_path) is None
    with pytest.raises(git_room.GitError, match="not installed"):
        git_room.git(tmp_path, "status")


def test_a_git_that_hangs_is_given_up(tmp_path, monkeypatch):
    (tmp_path / "git").write_text("#!/bin/sh\nexec sleep 30\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(git_room.GitError, match="longer than"):
        git_room.git(tmp_path, "status", timeout=0.2)


def test_control_characters_do_not_reach_a_header():
    assert Person.of("A\x1b[31mda\n\u202e", "a\n@b").name == "A[31mda"
