"The report over many repositories: to one page, with one that cannot be read, here and by a scheduler's workers."

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

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
    return subprocess.run(
        [sys.executable, "-m", "comprehend_nb.cli", "report", "--repos", str(listed), *args],
        cwd=listed.parent,
        env=environ() | {"PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
    )


def test_many_repositories_to_one_page_and_what_fails_is_said(listed):
    done = run(listed, "--json", "--html", "page.html")
    data, page = json.loads(done.stdout), (listed.parent / "page.html").read_text()
    assert done.returncode == 1 and "[4/4]" in done.stderr
    assert [r["name"] for r in data["repositories"]] == ["north", "south"] and [f["name"] for f in data["failed"]] == [
        "nowhere",
        "broken",
    ]
    assert "no such folder" in data["failed"][0]["why"] and "sometimes" in data["failed"][1]["why"]
    # two functions of two statements in each; Bob explained one of them
    assert (data["whole"]["weight"], data["whole"]["shares"]["verified"]) == (8, 0.75)
    assert data["whole"]["if_one_leaves"]["lost_share"] == 0.5 and data["whole"]["bus"] == {"low": 1, "high": 1}, (
        "Ada alone leaves less than half"
    )
    assert (
        "2 could not be read" in page
        and "north" in page
        and "What would we lose if one person left?" in page
        and "<script" not in page
    )
    assert not [p for p in (ADA, BOB) if p.id in page or p.id in done.stdout]
    said = run(listed)
    assert (
        said.returncode == 1 and "nowhere: could not be read" in said.stdout and "south: 4 statements" in said.stdout
    ), said
    (listed.parent / "good.txt").write_text("north\n")
    assert run(listed.parent / "good.txt").returncode == 0 and run(listed.parent / "none.txt").returncode == 2


def test_where_none_can_be_read_no_share_is_said(listed):
    (listed.parent / "gone.txt").write_text("nowhere\n")
    done = run(listed.parent / "gone.txt")
    assert done.returncode == 1 and "nowhere: could not be read" in done.stdout and "%" not in done.stdout
    assert "%" in run(listed).stdout, "else this says nothing"


@pytest.mark.parametrize("more", [["--html", "none/page.html"], ["--html", "north"]])
def test_a_page_that_cannot_be_written_is_said_before_the_work(listed, more):
    done = run(listed, *more)
    assert done.returncode == 2 and "cannot be written" in done.stderr and "[1/" not in done.stderr


def test_a_scheduler_gives_the_same_answers(listed):
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    repositories = read_list(listed)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=":0", silence_logs=50
    ) as cluster:
        there = as_json(reports(repositories, scheduler=cluster.scheduler_address, now=0.0))
    here = as_json(reports(repositories, now=0.0))
    moment = ("seconds", "at", "over_time", "defects")  # these hold the time at which they were made
    for data in (there, here):
        data["repositories"] = [{k: v for k, v in r.items() if k not in moment} for r in data["repositories"]]
    assert there == here and len(here["repositories"]) == 2 == len(here["failed"])


class Waits:
    "A project whose settings are a pipe: whoever makes a report of it waits there until they are let go on."

    def __init__(self, root):
        (root / ".comprehend").mkdir(parents=True)
        self.root, self.pipe, self.killed = root, root / "pyproject.toml", list[int]()
        os.mkfifo(self.pipe)
        self.ours = os.open(self.pipe, os.O_RDWR)

    def there(self):
        "The processes that wait there now."
        found = set()
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if f'"{self.root}"' in place.read_text():
                    found.add(int(place.parent.name))
        return found

    def kill_workers(self, cluster):
        "Kill each worker that has a process waiting there."
        workers = {w.pid for w in cluster.workers.values()}
        for pid in self.there():
            if (worker := int(stat(pid)[1])) in workers:  # else it has died just now, or is not known yet
                os.kill(worker, signal.SIGKILL)
                self.killed.append(pid)

    def let_go(self):
        settings = b'[project]\nname = "east"\nversion = "1"\n[tool.nbdev]\n'
        (self.root / "settings").write_bytes(settings)
        os.replace(self.root / "settings", self.pipe)
        os.write(self.ours, settings)
        os.close(self.ours)


def until(truth, seconds=300.0):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def stat(pid):
    "State, parent, ... of a process; as of a dead one where there is none."
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["Z", "0"]


@pytest.fixture
def among(listed):
    "Somebody waits in the first of three repositories."
    waits = Waits(listed.parent / "east")
    listed.write_text("east\nnorth\nsouth\n")
    return waits, read_list(listed)


def scheduler(distributed, workers):
    return distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=":0",
        silence_logs=50,
    )


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")


@on_linux
@pytest.mark.slow
def test_a_worker_is_killed_in_the_middle_and_its_repository_goes_to_another(among):
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    (waits, repositories), told = among, []
    with scheduler(distributed, 2) as cluster:
        asked = threading.Thread(
            target=lambda: told.append(reports(repositories, scheduler=cluster.scheduler_address)), daemon=True
        )
        asked.start()
        until(lambda: waits.kill_workers(cluster) or waits.killed)
        until(lambda: waits.there() - set(waits.killed))
        until(lambda: not waits.there() & set(waits.killed))  # nobody goes on with what nobody waits for
        waits.let_go()
        asked.join()
    assert [(a.name, a.failed) for a in told[0].answers] == [("east", ""), ("north", ""), ("south", "")]


@on_linux
@pytest.mark.sweep
def test_a_repository_that_kills_every_worker_is_given_up_and_those_behind_it_are_not(among):
    "One worker has all of them, so when it dies the scheduler suspects those that wait as well."
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    import dask

    (waits, repositories), told = among, []
    with (
        dask.config.set(
            {"distributed.scheduler.allowed-failures": 0, "distributed.scheduler.worker-saturation": float("inf")}
        ),
        scheduler(distributed, 1) as cluster,
    ):
        asked = threading.Thread(
            target=lambda: told.append(reports(repositories, scheduler=cluster.scheduler_address)), daemon=True
        )
        asked.start()
        until(lambda: waits.kill_workers(cluster) or not asked.is_alive())
    said = {a.name: a.failed for a in told[0].answers}
    assert (
        said == {"east": "its workers were killed, one after the other", "north": "", "south": ""}
        and len(set(waits.killed)) == 2
    )
    assert told[0].weight == 8, "the two that there is a report of"


def test_one_that_takes_too_long_is_given_up(listed):
    slow = read_list(listed, timeout=0.05)[0]
    assert "longer than 0.05 s" in look(slow).failed
