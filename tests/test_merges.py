"Teams with real git: branches, conflicts, rebases, squashes, reverts, renames and split repositories leave the ledger whole."

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest
from export_support import ADA, BOB, Lab

from comprehend_nb.export.checking import check
from comprehend_nb.ledger import read
from comprehend_nb.ledger.audit import audit


class Clone(Lab):
    "One person's clone of the team's project."

    def __init__(self, root: Path, person) -> None:
        self.root, self.person = root, person

    def run(self, *args, ok=True, author=None):
        who = author or self.person
        done = subprocess.run(
            ["git", "-c", f"user.name={who.name}", "-c", f"user.email={who.email}", "-c", "core.editor=true", *args],
            cwd=self.root, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0 or not ok, f"git {' '.join(args)}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def save(self, message="work"):
        self.run("add", "-A")
        self.run("commit", "-q", "-m", message)

    def explain(self, *names, why="prices on the shelf are gross, so the till must not add anything"):
        return self.record("executed", "explained", only=names or None, person=self.person)

    def change(self, name, old, new, message=""):
        "Edit a notebook, explain what was changed, and commit both."
        self.edit(f"nbs/{name}.ipynb", old, new)
        self.explain("gross" if name == "00_core" else "total")
        self.save(message or f"change {name}")

    @property
    def grave(self):
        return [str(p) for p in audit(self.root) if p.grave]

    @property
    def count(self):
        return len(read(self.root).records)

    def holds(self):
        report = check(self.project)
        assert self.grave == [] and report.problems == []
        return True


@pytest.fixture
def team(tmp_path):
    "Ada began the project; Bob has a clone. Both push to and pull from one bare repository."
    lab = Lab(tmp_path / "begin").sample()
    lab.understand()
    lab.commit("begin")
    subprocess.run(["git", "clone", "-q", "--bare", str(lab.root), str(tmp_path / "origin.git")], check=True)
    clones = []
    for person in (ADA, BOB):
        place = tmp_path / person.id / "shop"
        subprocess.run(["git", "clone", "-q", str(tmp_path / "origin.git"), str(place)], check=True)
        clones.append(Clone(place, person))
    assert clones[0].holds()
    return clones


def test_two_people_and_five_branches_in_any_order(team):
    "Each branch adds a module that its people explain; some branches by both; all are merged, some of them into each other first."
    ada, bob = team
    expected = ada.count
    for n in range(5):
        for clone in (ada, bob) if n % 2 else (ada,) if n < 3 else (bob,):
            clone.run("fetch", "-q")
            there = f"origin/b{n}" in clone.run("branch", "-r")
            clone.run("switch", "-q", "-c", f"b{n}", f"origin/b{n}" if there else "origin/main")
            if not there:
                clone.write(
                    f"1{n}_m{n}",
                    f"# m{n}\n\n> M.",
                    f"#| default_exp m{n}",
                    f"#| export\ndef f{n}(x):\n    return x + {n}",
                )
            before = clone.count
            clone.explain(f"f{n}")
            expected += clone.count - before
            clone.save(f"branch {n}")
            clone.run("push", "-q", "origin", f"b{n}")
    order = random.Random(8).sample(range(5), 5)
    bob.run("fetch", "-q")
    bob.run("switch", "-q", "-C", "b-both", f"origin/b{order[0]}")
    bob.run("merge", "-q", "--no-edit", f"origin/b{order[1]}")
    bob.run("switch", "-q", "main")
    for branch in ("b-both", *(f"origin/b{n}" for n in order[1:])):
        bob.run("merge", "-q", "--no-edit", branch)
    assert bob.count == expected and bob.holds()
    assert {s for row in check(bob.project).rows for s in row.symbols.split(", ")} >= {f"f{n}" for n in range(5)}


def resolve(clone, keep):
    "What a person does to a notebook in conflict: takes one side's cell, or writes a third."
    path = clone.root / "nbs" / "00_core.ipynb"
    path.write_text(
        subprocess.run(
            ["git", "show", "HEAD:nbs/00_core.ipynb"], cwd=clone.root, capture_output=True, text=True, check=True
        ).stdout
    )
    nb = json.loads(path.read_text())
    for cell in nb["cells"]:
        source = "".join(cell["source"])
        if "def gross" in source:
            cell["source"] = f"#| export\ndef gross(net):\n    return {keep}"
    path.write_text(json.dumps(nb, indent=1))


@pytest.mark.parametrize(
    ("keep", "stands"),
    [("net * (1 + RATE / 1000)", True), ("net * (2 + RATE / 100)", True), ("net * (2 + RATE / 1000)", False)],
)
def test_explanations_on_both_sides_of_a_conflict(team, keep, stands):
    "The notebook conflicts, the ledger never does; whichever side's cell stays, its explanation is there, and a mixture is nobody's."
    ada, bob = team
    ada.change("00_core", "1 + RATE / 100", "1 + RATE / 1000")
    ada.run("push", "-q", "origin", "main")
    bob.change("00_core", "1 + RATE / 100", "2 + RATE / 100")
    count = bob.count
    said = bob.run("pull", "-q", "--no-rebase", "--no-edit", ok=False)
    assert "CONFLICT" in said and ".comprehend" not in said
    assert bob.run("diff", "--name-only", "--diff-filter=U").split() == ["nbs/00_core.ipynb"]
    resolve(bob, keep)
    bob.save("merge")
    assert bob.count == count + 2 and bob.grave == []
    rows = {r.symbols: r.standing for r in check(bob.project).rows}
    assert rows["gross"].understood is stands and rows["gross"].stale is not stands
    if not stands:
        assert "explained it on" in rows["gross"].reasons[0]
        bob.explain("gross")
    bob.explain("total"), ada.explain("total")
    bob.save("renewed")
    assert bob.holds()


def test_a_rebase_by_oneself_and_by_somebody_else(team):
    ada, bob = team
    ada.run("switch", "-q", "-c", "branch")
    for n in (8, 9):
        ada.write(f"2{n}_x", "# x\n\n> X.", f"#| default_exp x{n}", f"#| export\ndef x{n}(a):\n    return a - {n}")
        ada.explain(f"x{n}")
        ada.save(f"x{n}")
    ada.run("push", "-q", "origin", "branch")
    bob.change("01_till", "sum(map", "2 * sum(map")
    bob.run("push", "-q", "origin", "main")
    ada.run("fetch", "-q")
    ada.run("rebase", "-q", "origin/main")
    assert ada.holds()
    bob.run("fetch", "-q")
    bob.run("switch", "-q", "-c", "branch", "origin/branch")
    bob.run("rebase", "-q", "main")
    assert bob.holds() and bob.count == ada.count
    bob.run("reset", "-q", "--soft", "main")
    bob.run("commit", "-q", "-m", "squashed", f"--author={ADA.name} <{ADA.email}>")
    assert bob.holds(), "squashed into one commit that says whose it is"


def test_a_squash_merge_that_names_nobody_is_reported_and_one_that_does_is_not(team):
    ada, bob = team
    ada.run("switch", "-q", "-c", "branch")
    ada.change("01_till", "sum(map", "3 * sum(map")
    ada.run("push", "-q", "origin", "branch")
    bob.run("fetch", "-q")
    bob.run("merge", "-q", "--squash", "origin/branch")
    bob.run("commit", "-q", "-m", "squashed")
    # as long as the branch is there, git knows whose commit these lines came from
    assert bob.grave == []
    bob.run("update-ref", "-d", "refs/remotes/origin/branch")
    (problem,) = bob.grave
    assert "records of Ada" in problem and "Co-authored-by" in problem
    bob.run("commit", "-q", "--amend", "-m", f"squashed\n\nCo-authored-by: {ADA.name} <{ADA.email}>")
    assert bob.holds()


def test_a_merged_change_is_reverted_and_its_records_are_missed_until_they_are_back(team):
    ada, bob = team
    ada.run("switch", "-q", "-c", "branch")
    ada.change("01_till", "sum(map", "4 * sum(map")
    ada.run("switch", "-q", "main")
    ada.run("merge", "-q", "--no-ff", "--no-edit", "branch")
    ada.run("push", "-q", "origin", "main")
    bob.run("pull", "-q", "--no-rebase")
    whole = bob.count
    bob.run("revert", "--no-edit", "-m", "1", "HEAD")
    (problem,) = bob.grave
    assert "removed it" in problem and "git checkout" in problem and bob.count < whole
    revision, _, file = problem.partition("git checkout ")[2].rstrip("`").partition(" -- ")
    bob.run("checkout", revision, "--", file)
    bob.save("the records stay, whatever becomes of the code")
    assert bob.count == whole and bob.holds(), "the code of before stands by its own records"


def test_lines_in_the_middle_of_a_branch_are_cherry_picked(team):
    ada, bob = team
    ada.run("switch", "-q", "-c", "branch")
    for n in range(3):
        ada.write(f"3{n}_y", "# y\n\n> Y.", f"#| default_exp y{n}", f"#| export\ndef y{n}(a):\n    return a * {n}")
        ada.explain(f"y{n}")
        ada.save(f"y{n}")
    ada.run("push", "-q", "origin", "branch")
    bob.run("fetch", "-q")
    bob.run("cherry-pick", "origin/branch~1")
    assert bob.grave == [] and {r.symbols for r in check(bob.project).rows if r.understood} >= {"y1"}
    bob.run("merge", "-q", "--no-edit", "origin/branch")
    assert bob.holds() and bob.count == ada.count


def test_a_notebook_is_renamed_moved_and_cut_in_two(team):
    "What is understood is code, wherever it lies."
    ada, _ = team
    ada.run("mv", "nbs/00_core.ipynb", "nbs/05_prices.ipynb")
    ada.save("rename")
    assert ada.holds()
    (ada.root / "nbs" / "shop").mkdir()
    ada.run("mv", "nbs/01_till.ipynb", "nbs/shop/07_till.ipynb")
    ada.save("move")
    assert ada.holds()
    nb = json.loads((ada.root / "nbs" / "05_prices.ipynb").read_text())
    rate = next(c for c in nb["cells"] if "RATE = 7" in "".join(c["source"]))
    nb["cells"].remove(rate)
    (ada.root / "nbs" / "05_prices.ipynb").write_text(
        json.dumps(nb).replace('"#| export\\ndef gross', '"#| export\\nfrom shop.rates import RATE\\ndef gross')
    )
    ada.write("04_rates", "# rates\n\n> Rates.", "#| default_exp rates", "".join(rate["source"]))
    report = check(ada.project)
    rows = {r.symbols: r.standing for r in report.rows}
    assert (
        rows["RATE"].understood
        and not rows[
            "gross, RATE" if "gross, RATE" in rows else next(s for s in rows if "gross" in s and "total" not in s)
        ].understood
    )


@pytest.mark.parametrize("how", ["subtree split", "filter-branch", "copied"])
def test_a_repository_is_split(team, tmp_path, how):
    "A project in a folder becomes a repository of its own: with its history it stays whole; without, it says whose records somebody else brought."
    ada, bob = team
    (ada.root / "packages" / "shop").mkdir(parents=True)
    ada.run("mv", "nbs", "pyproject.toml", "settings.ini", ".comprehend", "packages/shop/")
    ada.save("into a folder")
    ada.run("push", "-q", "origin", "main")
    bob.run("pull", "-q", "--no-rebase")
    inside = Clone(bob.root / "packages" / "shop", BOB)
    inside.change("01_till", "sum(map", "5 * sum(map")
    assert inside.holds()
    new = tmp_path / "new"
    if how == "subtree split":
        if "not a git command" in bob.run("subtree", "--help", ok=False) or "split" not in bob.run(
            "subtree", "-h", ok=False
        ):
            pytest.skip("git has no subtree here")
        bob.run("subtree", "split", "-q", "--prefix=packages/shop", "-b", "only-shop")
        subprocess.run(["git", "clone", "-q", "-b", "only-shop", str(bob.root), str(new)], check=True)
    elif how == "filter-branch":
        subprocess.run(["git", "clone", "-q", str(bob.root), str(new)], check=True)
        subprocess.run(
            ["git", "filter-branch", "-f", "--subdirectory-filter", "packages/shop"],
            cwd=new,
            check=True,
            capture_output=True,
            env=_quiet(),
        )
    else:
        subprocess.run(["cp", "-r", str(inside.root), str(new)], check=True)
        subprocess.run(["git", "init", "-q", "-b", "main"], cwd=new, check=True)
        Clone(new, BOB).save("copied here")
    split = Clone(new, BOB)
    assert (
        split.count == inside.count
        and check(split.project).rows
        and all(r.understood for r in check(split.project).rows)
    )
    if how == "copied":
        assert split.grave and all("records of Ada" in p for p in split.grave)
        split.run("commit", "-q", "--amend", "-m", f"copied\n\nCo-authored-by: {ADA.name} <{ADA.email}>")
    assert split.grave == []
    assert any("another repository" in p.what for p in audit(split.root)), "and it says where the records came from"


def _quiet():
    import os

    return os.environ | {"FILTER_BRANCH_SQUELCH_WARNING": "1"}
