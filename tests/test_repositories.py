"The report over many repositories: to one page, with one that cannot be read, here and by a scheduler's workers."

import json
import subprocess
import sys

import pytest
from export_support import ADA, BOB, Lab, environ

from comprehend_nb.report.repositories import as_json, look, read_list, reports


@pytest.fixture
def listed(tmp_path):
    "Ada explains all of one shop, Bob half of another; a third place is no project, and a fourth has settings that nobody can read."
    for name, who, only in (("north", ADA, None), ("south", BOB, ["gross"])):
        lab = Lab(tmp_path / name).sample()
        lab.commit()
        lab.understand(only, person=who).record("checked", only=only, person=who, verdict="passed")
        lab.commit()
    Lab(tmp_path / "broken", "ai = sometimes\n").sample()
    path = tmp_path / "repos.txt"
    path.write_text("# all that we own\nnorth\nsouth\n\nnowhere\nbroken\n")
    return path


def run(listed, *args):
    return subprocess.run([sys.executable, "-m", "comprehend_nb.cli", "report", "--repos", str(listed), *args], cwd=listed.parent, env=environ() | {"PYTHONUTF8": "1"}, capture_output=True, text=True)


def test_many_repositories_to_one_page_and_what_fails_is_said(listed):
    done = run(listed, "--json", "--html", "page.html")
    data, page = json.loads(done.stdout), (listed.parent / "page.html").read_text()
    assert done.returncode == 1 and "[4/4]" in done.stderr
    assert [r["name"] for r in data["repositories"]] == ["north", "south"] and [f["name"] for f in data["failed"]] == ["nowhere", "broken"]
    assert "no such folder" in data["failed"][0]["why"] and "sometimes" in data["failed"][1]["why"]
    # two functions of two statements in each; Bob explained one of them
    assert (data["whole"]["weight"], data["whole"]["shares"]["verified"]) == (8, 0.75)
    assert data["whole"]["if_one_leaves"]["lost_share"] == 0.5 and data["whole"]["bus"] == {"low": 1, "high": 1}, "Ada alone leaves less than half"
    assert "2 could not be read" in page and "north" in page and "What would we lose if one person left?" in page and "<script" not in page
    assert not [p for p in (ADA, BOB) if p.id in page or p.id in done.stdout]
    said = run(listed)
    assert said.returncode == 1 and "nowhere: could not be read" in said.stdout and "south: 4 statements" in said.stdout, said
    (listed.parent / "good.txt").write_text("north\n")
    assert run(listed.parent / "good.txt").returncode == 0 and run(listed.parent / "none.txt").returncode == 2


def test_a_scheduler_gives_the_same_answers(listed):
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    repositories = read_list(listed)
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=":0", silence_logs=50) as cluster:
        there = as_json(reports(repositories, scheduler=cluster.scheduler_address, now=0.0))
    here = as_json(reports(repositories, now=0.0))
    moment = ("seconds", "at", "over_time", "defects")  # these hold the time at which they were made
    for data in (there, here):
        data["repositories"] = [{k: v for k, v in r.items() if k not in moment} for r in data["repositories"]]
    assert there == here and len(here["repositories"]) == 2 == len(here["failed"])


def test_one_that_takes_too_long_is_given_up(listed):
    slow = read_list(listed, timeout=0.05)[0]
    assert "longer than 0.05 s" in look(slow).failed
