"Notebooks run again: what fails is named and costs nobody else their answer, also where a process is killed in the middle."

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from export_support import Lab, environ
from kernel_support import driving, make_project

from comprehend_nb.cli import main
from comprehend_nb.demo.headless import new_page
from comprehend_nb.rerun.fleet import RerunError, jobs_of, rerun

SLOW = "import time\nopen({mark!r}, 'a').write('x')\ntime.sleep({seconds})"


@pytest.fixture
def lab(tmp_path):
    "A project that holds, and whose notebooks run."
    lab = Lab(tmp_path / "shop").sample()
    lab.understand()
    lab.nbdev("nbdev-export")
    lab.understand()
    return lab


def until(truth, seconds=90.0):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def children(of: int, word: str) -> list[int]:
    "Processes below `of` whose command line holds `word`."
    said = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in said.splitlines()[1:]]
    below = {of}
    for _ in range(6):
        below |= {int(pid) for pid, parent, _ in rows if int(parent) in below}
    return [int(pid) for pid, _, args in rows if int(pid) in below and word in args and int(pid) != of]


def test_check_runs_the_notebooks_again_and_says_where_they_stop(lab, monkeypatch, capsys):
    monkeypatch.chdir(lab.root)
    assert main(["check", "--rerun", "--workers", "2"]) == 0
    out, err = capsys.readouterr()
    assert (
        "2 of 2 notebooks ran to their end" in out and len([line for line in err.splitlines() if ": ok (" in line]) == 2
    )
    lab.write(
        "02_orders",
        "# orders\n\n> Orders.",
        "#| default_exp orders",
        "import json\nrows = json.load(open('orders.json'))",
        "#| export\ndef count(rows):\n    return len(rows)",
    )
    lab.understand(["count"])
    assert main(["check"]) == 0 and capsys.readouterr()
    assert main(["check", "--rerun", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    (reason,) = report["reasons"]
    assert reason["where"] == "nbs/02_orders.ipynb#c2" and reason["kind"] == "rerun"
    assert "it raises FileNotFoundError" in reason["what"] and "1 exported cells were not reached" in reason["what"]
    (lab.root / "nbs" / "orders.json").write_text("[1, 2]")
    assert main(["check", "--rerun"]) == 0 and "3 of 3" in capsys.readouterr().out
    (lab.root / "shop" / "core.py").unlink()
    assert (
        main(["check", "--rerun", "nbs/01_till.ipynb"]) == 1
        and "it raises ModuleNotFoundError" in capsys.readouterr().out
    )


@pytest.mark.parametrize("more", [["--workers", "-1"], ["--timeout", "0"], ["--scheduler", "tcp://127.0.0.1:9"]])
def test_what_makes_no_sense_or_cannot_be_reached_is_2(lab, monkeypatch, capsys, more):
    monkeypatch.chdir(lab.root)
    pytest.importorskip("distributed") if "--scheduler" in more else None
    monkeypatch.setattr("comprehend_nb.rerun.fleet.at.__kwdefaults__", {"wait": 2.0}) if "--scheduler" in more else None
    assert main(["check", "--rerun", *more]) == 2
    assert capsys.readouterr().err.startswith("comprehend-nb: ")


def test_a_notebook_that_is_run_again_exports_nothing_and_records_nothing(lab):
    lab.write(
        "03_end", "# end\n\n> E.", "%load_ext comprehend_nb\nimport nbdev\nnbdev.nbdev_export()", "%ai_status", "x = 1"
    )
    before, ledger = lab.files(), sorted((lab.root / ".comprehend" / "ledger").rglob("*"))
    ran = rerun(jobs_of(lab.project))
    assert [r.failed for r in ran] == ["", "", ""] and lab.files() == before
    assert sorted((lab.root / ".comprehend" / "ledger").rglob("*")) == ledger


def slow_projects(tmp_path, seconds=3.0, count=4):
    lab = Lab(tmp_path / "slow")
    for n in range(count):
        lab.write(
            f"0{n}_s", "# s\n\n> S.", SLOW.format(mark=str(tmp_path / f"mark{n}"), seconds=seconds), f"done = {n}"
        )
    return lab


def test_a_process_that_is_killed_in_the_middle_is_tried_again_and_the_rest_is_kept(tmp_path):
    lab = slow_projects(tmp_path)
    found = []
    worker = threading.Thread(target=lambda: found.extend(rerun(jobs_of(lab.project), workers=2)))
    worker.start()
    until(lambda: (tmp_path / "mark1").exists())
    for pid in children(os.getpid(), "rerun.child"):
        if "01_s" in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
    worker.join(120)
    assert [(r.name, r.failed) for r in sorted(found, key=lambda r: r.name)] == [
        (f"nbs/0{n}_s.ipynb", "") for n in range(4)
    ]
    assert (tmp_path / "mark1").read_text() == "xx", "it was run twice, and the answer is that of the second time"


def test_when_the_command_dies_no_notebook_runs_on(tmp_path):
    lab = slow_projects(tmp_path, seconds=600, count=1)
    code = "import sys\nfrom comprehend_nb.rerun.fleet import *\nfrom comprehend_nb.notebooks import Project\nrerun(jobs_of(Project.at(sys.argv[1])))"
    command = subprocess.Popen([sys.executable, "-c", code, str(lab.root)], env=environ())
    until(lambda: (tmp_path / "mark0").exists())
    (child,) = children(command.pid, "rerun.child")
    command.kill()
    command.wait()

    def gone():
        try:
            return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    until(gone)


# --- with a scheduler


@pytest.fixture
def cluster():
    "A real scheduler and two real workers of Dask, each a process of its own."
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=":0", silence_logs=50
    ) as made:
        yield made


def test_the_same_answers_come_from_a_scheduler(lab, cluster, monkeypatch, capsys):
    monkeypatch.chdir(lab.root)
    lab.write("02_bad", "# b\n\n> B.", "1 / 0")
    here = {r.name: (r.failed, [c.id for c in r.cells]) for r in rerun(jobs_of(lab.project))}
    there = rerun(jobs_of(lab.project), scheduler=cluster.scheduler_address)
    assert {r.name: (r.failed, [c.id for c in r.cells]) for r in there} == here and str(os.getpid()) not in {
        r.where.split(":")[1] for r in there
    }
    assert main(["check", "--rerun", "--scheduler", cluster.scheduler_address]) == 1
    out, err = capsys.readouterr()
    assert "it raises ZeroDivisionError" in out and "2 of 3 notebooks ran" in out and "[3/3]" in err


def test_a_worker_of_the_scheduler_is_killed_in_the_middle(tmp_path, cluster):
    lab = slow_projects(tmp_path)
    lab.write("09_bad", "# b\n\n> B.", "1 / 0")
    found = []
    worker = threading.Thread(
        target=lambda: found.extend(rerun(jobs_of(lab.project), scheduler=cluster.scheduler_address))
    )
    worker.start()
    until(lambda: any((tmp_path / f"mark{n}").exists() for n in range(4)))
    victim = next(w.pid for w in cluster.workers.values())
    os.kill(victim, signal.SIGKILL)
    worker.join(200)
    assert {r.name: r.failed for r in found} == {f"nbs/0{n}_s.ipynb": "" for n in range(4)} | {
        "nbs/09_bad.ipynb": "ZeroDivisionError: division by zero"
    }


def test_a_worker_that_has_another_project_there_runs_nothing(tmp_path, cluster):
    lab = slow_projects(tmp_path, seconds=0, count=1)
    jobs = jobs_of(lab.project)
    lab.edit("nbs/00_s.ipynb", "done = 0", "done = 1")
    (ran,) = rerun(jobs, scheduler=cluster.scheduler_address)
    assert "not the same" in ran.failed and not (tmp_path / "mark0").exists()


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RerunError, match=r"comprehend-nb\[dask\]"):
        rerun(jobs_of(slow_projects(tmp_path, count=1).project), scheduler="tcp://127.0.0.1:1")


# --- the checks that people passed


def the_answer(d) -> str:
    "What the person would have to say: looked up in the kernel, which never shows it."
    waits = "__import__('comprehend_nb.session.quiz', fromlist=['x'])._pending[get_ipython()._comprehend_nb.session]"
    return d.run(f"print([w.item.value for w in {waits}.values() if w.item][-1])")


def test_recorded_checks_are_run_again_and_say_what_moved(tmp_path, monkeypatch, capsys):
    "Nothing that the standing depends on changed: only a file that the notebook reads."
    pytest.importorskip("comprehend_nb.checks.replay", reason="needs recorded checks that can be run again")
    project = make_project(tmp_path / "p")
    (project / "settings.ini").write_text("[comprehend_nb]\nother = verified\nglue = none\n")
    cells = [
        "#| default_exp core",
        "#| export\nfrom pathlib import Path",
        "#| export\ndef gross(net):\n    return net + net * int(Path('rate.txt').read_text()) // 100",
        "print(gross(1300), gross(250))",
    ]
    (project / "nbs" / "rate.txt").write_text("7")
    with driving(project) as d:
        for n, cell in enumerate(cells[1:]):
            d.run(cell, f"c{n}")
        d.run(
            "%%ai_explain gross\nwhat: adds the tax to a sum\nwhy: shops show what is paid\nfails: text instead of a number raises TypeError",
            "e",
        )
        for _ in range(5):
            d.run("%ai_check gross", "q")
            if "has passed" in d.run(f"%ai_check gross = {the_answer(d)}", "a"):
                break
    new_page(project / "nbs" / "00_core.ipynb", "# core\n\n> Core.", cells)
    monkeypatch.chdir(project)
    assert main(["check", "--rerun"]) == 0, capsys.readouterr()
    out = capsys.readouterr().out
    assert (
        "recorded checks have the answers they had" in out and "0 of" not in out and "could not be run again" not in out
    )
    (project / "nbs" / "rate.txt").write_text("19")
    assert main(["check"]) == 0, "the files and the records are what they were"
    assert main(["check", "--rerun"]) == 1
    out = capsys.readouterr().out
    assert re.search(
        r"00_core\.ipynb#\S+ gross: a recorded check has another answer now: `gross\(.*` was \S+ and is \S+", out
    ), out
