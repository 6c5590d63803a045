"""The report on real public histories: what the mining of defects finds, how long it takes, and what another miner says.

    python benchmarks/histories.py CLONE...     CLONE: full clones of nbdev projects, such as AnswerDotAI/execnb or AnswerDotAI/fastcore

Each clone is copied first. The second opinion is PyDriller's own SZZ (`pip install pydriller`): it blames with -w only and every deleted line that is no comment,
so it must agree on most commits and not on all. PyDriller writes into the configuration of the repository that it reads, which is why the report does not use it.
"""

import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")


def second_opinion(root, fixes, folder):
    "For each fix the commits that PyDriller blames, in the library's modules."
    from pydriller import Git

    repo, out = Git(str(root)), {}
    for fix in fixes:
        found = repo.get_commits_last_modified_lines(repo.get_commit(fix))
        out[fix] = {
            c
            for path, commits in found.items()
            if path.startswith(f"{folder}/") and not path.endswith("_modidx.py")
            for c in commits
        }
    return out


def look(clone, sample=60):
    from comprehend_nb.notebooks import Project
    from comprehend_nb.report.defects import mine
    from comprehend_nb.report.measure import wilson
    from comprehend_nb.report.team import report

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, Path(clone).name)
        subprocess.run(["git", "clone", "-q", str(clone), str(root)], check=True)
        project = Project.at(root)
        start = time.process_time()
        made = report(project, past_complete=True)
        spent = time.process_time() - start
        found, _ = mine(project, enough=10**9)
        ghosts = sum(f.ghost for f in found)
        low, high = wilson(ghosts, len(found))
        commits = len(
            subprocess.run(
                ["git", "rev-list", "HEAD"], cwd=root, capture_output=True, text=True, check=True
            ).stdout.split()
        )
        print(
            f"\n{root.name}: {commits} commits, {len(made.notebooks)} notebooks, {made.whole.units} units of logic, {made.whole.weight} statements; report with all of the past {spent:.1f} s CPU"
        )
        print(
            f"  fixes of the library {len(found)}, ghosts {ghosts} ({ghosts / max(len(found), 1):.1%}, 95 % {low:.1%} to {high:.1%}), defects {sum(len(f.defects) for f in found)}"
        )
        told = [f for f in found if not f.ghost][:sample]
        theirs = second_opinion(root, [f.id for f in told], project.lib_folder)
        pairs = [({d.commit for d in f.defects}, theirs[f.id]) for f in told]
        both = sum(len(a & b) for a, b in pairs)
        print(
            f"  against PyDriller on {len(told)} fixes: {both} blamed commits of both, {sum(len(a - b) for a, b in pairs)} of ours only, {sum(len(b - a) for a, b in pairs)} of theirs only"
        )


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    for each in sys.argv[1:]:
        look(each)
