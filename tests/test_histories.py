"""The report on two public histories, made from what the package index has: each release of a package is a commit, and says that it is a fix.

What a line was brought by is worked out a second time without git: a line that a file holds once, in every release from one on until it was deleted, came with that one. Needs the index, so it is a long walk.
"""

import json
import os
import subprocess
import sys
import zipfile
from collections import Counter

import pytest
from export_support import environ

from comprehend_nb.notebooks import Project
from comprehend_nb.report.authors import pasts
from comprehend_nb.report.defects import code_lines, mine
from comprehend_nb.report.page import page
from comprehend_nb.report.team import report

pytestmark = pytest.mark.sweep
RELEASES = {"execnb": ("0.1.3", "0.1.8", "0.1.14", "0.1.18"), "claudette": ("0.0.9", "0.1.5", "0.2.0", "0.3.1")}


def replayed(package, root):
    "A repository with a commit for each release, and the modules of each, by commit."
    (root / "nbs").mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "{package}"\nversion = "0"\n[tool.nbdev]\nlib_path = "{package}"\nnbs_path = "nbs"\n'
    )
    (root / "nbs/index.ipynb").write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}))
    git = ["git", "-C", str(root), "-c", "user.name=Release", "-c", "user.email=release@example.org"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    held = {}
    for n, version in enumerate(RELEASES[package]):
        wheels = root.parent / f"wheel-{version}"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "-q",
                "--no-deps",
                "--only-binary",
                ":all:",
                "-d",
                str(wheels),
                f"{package}=={version}",
            ],
            env=environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"{package} {version} cannot be had: {done.stderr.strip().splitlines()[-1:]}")
        for old in (root / package).rglob("*.py"):
            old.unlink()
        with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
            wheel.extractall(
                root,
                [
                    m
                    for m in wheel.namelist()
                    if m.startswith(f"{package}/") and m.endswith(".py") and not m.endswith("_modidx.py")
                ],
            )
        stamp = {
            "GIT_AUTHOR_DATE": f"2026-01-{n + 1:02}T12:00:00Z",
            "GIT_COMMITTER_DATE": f"2026-01-{n + 1:02}T12:00:00Z",
        }
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run(
            [*git, "commit", "-qm", f"Fix what was wrong before {version}"], check=True, env=os.environ | stamp
        )
        commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
        held[commit] = {p.relative_to(root).as_posix(): p.read_text() for p in (root / package).rglob("*.py")}
    return held


def brought(held):
    "For each release the releases that brought lines of code which it deleted, by text alone."
    ids, out = list(held), {}
    once = [
        {
            f: {t for t, n in Counter(line.strip() for line in text.splitlines()).items() if n == 1}
            for f, text in held[i].items()
        }
        for i in ids
    ]
    lines = [{f: {line.strip() for line in text.splitlines()} for f, text in held[i].items()} for i in ids]
    for k in range(1, len(ids)):
        for file, text in held[ids[k - 1]].items():
            if file not in held[ids[k]]:
                continue
            code = {
                s
                for n, line in enumerate(text.splitlines(), 1)
                if n in code_lines(text) and len(s := line.strip()) > 20
            }
            for line in (code & once[k - 1][file]) - lines[k][file]:
                first = k - 1
                while first and line in once[first - 1].get(file, ()):
                    first -= 1
                if (
                    not any(line in lines[first - 1].get(f, ()) for f in lines[first - 1]) or not first
                ):  # else it was moved
                    out.setdefault(ids[k], set()).add(ids[first])
    return out


@pytest.mark.parametrize("package", sorted(RELEASES))
def test_releases_of_a_public_package(package, tmp_path):
    root = tmp_path / package
    held = replayed(package, root)
    found, waiting = mine(Project.at(root), enough=10**6)
    assert waiting == 0 and len(found) == len(held) - 1
    order = list(held)
    for fix in found:
        assert all(order.index(d.commit) < order.index(d.fix) for d in fix.defects), (
            "nothing was brought after it was repaired"
        )
    theirs = brought(held)
    pairs = [(fix, commit) for fix, commits in theirs.items() for commit in commits]
    ours = {(d.fix, d.commit) for f in found for d in f.defects}
    agreed = sum(pair in ours for pair in pairs)
    assert len(pairs) >= 5 and agreed >= 0.9 * len(pairs), (agreed, len(pairs))
    assert all(len(p.times) <= len(held) for p in pasts(root, ".py").values())
    made = report(Project.at(root), now=1.78e9)
    assert made.defects and made.defects.fixes == len(held) - 1 and page(made)
