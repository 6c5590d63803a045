"The command line as people and scripts meet it: statuses, lines, and files that are somebody's."

import errno
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from export_support import ADA, ASKS_NOTHING, BOB, Lab, environ

from comprehend_nb.cli import autoload
from comprehend_nb.cli import doctor
from comprehend_nb.cli import lab as tutorial
from comprehend_nb.cli import main
from comprehend_nb.ledger import read

REASON = re.compile(r"^nbs/[\w.]+\.ipynb#[\w-]+( [\w, .]+)?: \S.*")
SITE = Path(autoload.__file__).parents[2]


@pytest.fixture(autouse=True)
def own_place(tmp_path, monkeypatch):
    for name in ("state", "config"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COMPREHEND_NB_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # nobody to ask, under -s as well


@pytest.fixture
def ada(monkeypatch):
    monkeypatch.setenv("GIT_AUTHOR_NAME", ADA.name)
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", ADA.email)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    made = Lab(tmp_path / "shop").sample()
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def said(capsys):
    "Run a command in this process: its status and what it printed, which is never a traceback."

    def run(*argv):
        status = main([str(a) for a in argv])
        out, err = capsys.readouterr()
        assert "Traceback" not in err and "\x1b" not in out + err
        return status, out.splitlines(), err.splitlines()

    return run


def shell(*argv, cwd=None, **more):
    return subprocess.run(
        [sys.executable, "-m", "comprehend_nb.cli", *map(str, argv)],
        cwd=cwd,
        env=environ() | more,
        capture_output=True,
        text=True,
    )


# --- usage


def test_help_of_every_command_and_what_is_not_there_yet(said):
    status, out, _ = said("--help")
    text = "\n".join(out)
    assert status == 0 and "exit status: 0 it holds" in text
    for command in (
        "demo",
        "lab",
        "autoload",
        "init",
        "adopt",
        "check",
        "ci",
        "export",
        "explain",
        "waive",
        "report",
        "doctor",
    ):
        assert re.search(rf"^    {command} ", text, re.M)
        assert said(command, "--help")[0] == 0


def test_help_is_quick_because_it_imports_nothing_heavy():
    asked = "import sys; from comprehend_nb.cli import main; main(['--help']); print(sorted(sys.modules))"
    out = subprocess.run(
        [sys.executable, "-c", asked], env=environ(), capture_output=True, text=True, check=True
    ).stdout
    heavy = {
        "rich",
        "nbdev",
        "anthropic",
        "IPython",
        "jupyter_client",
        "msgspec",
        "pandas",
        "comprehend_nb.cli.commands",
    }
    assert not {m for m in heavy if f"'{m}'" in out}


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["chekc"],
        ["quiz", "a", "b", "c"],
        ["check", "--acc"],
        ["waive", "gross"],
        ["explain"],
        ["check", "a", "b"],
        ["--jsn"],
    ],
)
def test_wrong_usage_is_2_and_says_how(argv, said):
    status, out, err = said(*argv)
    assert status == 2 and not out and err[0].startswith("usage: ")


@pytest.mark.parametrize(
    "argv",
    [
        ["check"],
        ["export"],
        ["waive", "f", "--reason", "nobody reads it any more"],
        ["check", "nowhere"],
        ["init", "nowhere"],
    ],
)
def test_where_there_is_no_project_is_2_in_one_line_with_a_remedy(argv, said):
    status, out, err = said(*argv)
    assert status == 2 and not out and len(err) == 1 and err[0].startswith("comprehend-nb: ")


def test_the_module_is_the_same_command(lab):
    done = shell("check", cwd=lab.root)
    assert done.returncode == 1 and REASON.match(done.stdout.splitlines()[0]) and not done.stderr


# --- check and export


def test_check_gives_each_reason_a_line_then_holds(lab, said):
    status, out, err = said("check")
    assert status == 1 and not err
    reasons = [line for line in out if REASON.match(line)]
    assert {"gross", "RATE", "total"} <= {line.split("#")[1].split()[1].rstrip(":") for line in reasons}
    lab.understand()
    status, out, err = said("check")
    assert (status, err) == (0, []) and out[-1].startswith("it holds: ")


def test_check_as_json_says_the_same(lab, said):
    lab.understand(only=["gross"])
    lines = said("check")[1]
    status, out, _ = said("check", "--json")
    found = json.loads("\n".join(out))
    assert status == 1 and found["ok"] is False
    assert [r["line"] for r in found["reasons"]] == [line for line in lines if REASON.match(line)]
    assert {c["symbols"]: c["understood"] for c in found["cells"]}["gross"] is True


def test_check_of_one_notebook_is_about_that_one(lab, said):
    lab.understand(only=["gross", "RATE"])
    assert said("check", "nbs/00_core.ipynb")[0] == 0
    status, out, _ = said("check", lab.root / "nbs" / "01_till.ipynb")
    assert status == 1 and all("01_till" in line for line in out if REASON.match(line))
    status, _, err = said("check", "pyproject.toml")
    assert status == 2 and "no notebook of the project" in err[0]


@pytest.mark.parametrize("command", ["check", "export"])
def test_what_is_no_notebook_is_2(command, lab, said):
    (lab.root / "nbs" / "02_not.ipynb").write_text("{ this is no notebook")
    status, out, _ = said(command)
    assert status == 2 and any("02_not.ipynb" in line and "no notebook" in line for line in out)


def test_export_refuses_with_reasons_and_then_does_it(lab, said):
    before = lab.files()
    status, out, err = said("export")
    assert status == 1 and not err and REASON.match(out[0]) and out[-1].startswith("nothing was exported")
    assert lab.files() == before
    assert json.loads("\n".join(said("export", "--json")[1]))["ok"] is False
    lab.understand()
    status, out, _ = said("export")
    assert status == 0 and "wrote shop/core.py" in out
    done = json.loads("\n".join(said("export", "--json")[1]))
    assert done == {"ok": True, "reasons": [], "written": [], "removed": [], "notes": []}
    lab.edit("shop/core.py", "net * ", "2 * net * ")
    assert said("export")[0] == 1
    assert said("export", "--overwrite")[0] == 0 and "2 * net" not in lab.text("shop/core.py")


def test_a_broken_setting_is_2_and_named(lab, said):
    lab.policy("ai = nonsense\n")
    status, out, err = said("check")
    assert status == 2 and not out and len(err) == 1 and "nonsense" in err[0] and "settings.ini" in err[0]


def test_names_of_files_cannot_write_to_the_terminal(lab, said):
    lab.write("0\x1b[2J3\u202e", "#| default_exp bad", "#| export\ndef f(x):\n    return x")
    status, out, _ = said("check")
    assert status == 1 and not any("\u202e" in line for line in out)


# --- explain and waive


def test_explain_finds_the_projects_own_library(lab, said):
    status, _, err = said("explain", "gross")
    assert status == 1 and "gross: nobody has explained this code" in err[0] and "nbs/00_core.ipynb#" in err[0]
    lab.understand()
    said("export")
    for name in ("gross", "shop.gross", "shop.core.gross"):
        status, out, _ = said("explain", name)
        assert status == 0 and out[0] == "shop.core.gross" and "still true" in out[-1]
    assert json.loads("\n".join(said("explain", "gross", "--json")[1]))["by"] == [ADA.name]
    status, out, err = said("explain", "grss")
    assert status == 1 and not out and "grss: no exported cell of this project binds this name. Explained are" in err[0]
    lab.edit("shop/core.py", "net * ", "2 * net * ")
    assert said("explain", "gross")[0] == 1
    assert not any(type(f).__name__ == "_Own" for f in sys.meta_path)


def test_explain_lets_no_file_of_the_project_stand_in_for_a_module(lab, said):
    lab.understand()
    said("export")
    lab.edit(
        "shop/core.py", "return net * (1", "return net  *  (1"
    )  # only the meaning tells, and needs modules to be seen
    for name in ("cells", "canonical", "IPython", "html", "statements"):
        (lab.root / f"{name}.py").write_text(f"raise SystemExit('{name} of the project was run')")
    asked = "from comprehend_nb.cli import main; raise SystemExit(main(['explain', 'gross']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", asked], cwd=lab.root, env=environ(), capture_output=True, text=True
    )
    assert done.returncode == 0 and "only the layout" in done.stdout and not done.stderr


def test_waive_needs_a_name_a_reason_and_one_cell(lab, said, monkeypatch, ada):
    lab.understand(only=["RATE", "total", "_paid"])
    lab.record("executed", only=[])
    assert "gross" in said("check")[1][0]
    assert said("waive", "gross", "--reason", "because")[0] == 2
    assert said("waive", "nothing", "--reason", "nobody reads it any more")[0] == 2
    assert not any(r.kind == "waived" for r in read(lab.root).records)
    status, out, _ = said("waive", "gross", "--reason", "goes away in May,\nwith the old till")
    assert status == 0 and ADA.name in out[0]
    assert [r.data["reason"] for r in read(lab.root).records if r.kind == "waived"] == [
        "goes away in May, with the old till"
    ]
    assert not any(" gross:" in line and REASON.match(line) for line in said("check")[1])
    lab.edit("nbs/00_core.ipynb", "net * (1", "2 * net * (1")
    assert said("check")[0] == 1  # for that very code only


def test_waive_asks_which_where_several_bind_the_name(lab, said, ada):
    lab.write("02_more", "#| default_exp more", "#| export\ndef gross(net):\n    return net")
    status, _, err = said("waive", "gross", "--reason", "nobody reads it any more")
    assert status == 2 and "00_core.ipynb" in err[0] and "02_more.ipynb" in err[0]
    assert said("waive", "more.gross", "--reason", "nobody reads it any more")[0] == 0


def test_nothing_is_recorded_for_nobody(lab, said, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for argv in (["waive", "gross", "--reason", "nobody reads it any more"], ["adopt", "--yes"]):
        status, _, err = said(*argv)
        assert status == 2 and "nobody says who you are" in err[0]
    assert not (lab.root / ".comprehend" / "ledger").exists()


def test_a_quiz_takes_first_what_waits_for_this_very_person(lab, said, ada):
    from comprehend_nb.cli.quizzing import _waiting
    from comprehend_nb.export.checking import gather

    def waiting():
        return [c.cell.symbols[0] for c in _waiting(lab.project, gather(lab.project), ADA.id)]

    lab.policy("glue = none\ncritical = total\n")
    assert waiting() == ["gross", "total"], "nobody explained them"
    lab.understand(["total"], person=BOB)
    assert waiting() == ["total", "gross"], "a second person is asked for first"
    lab.understand(["gross", "total"])
    status, out, _ = said("quiz")
    assert waiting() == [] and status == 0 and "nothing waits for you" in out[0]
    lab.edit("nbs/00_core.ipynb", "RATE = 7", "RATE = 9")
    assert waiting() == ["gross", "total"], "what changed since"
    status, _, err = said("quiz", "RATE")
    assert status == 2 and "imports and constants are not asked about" in err[0]


# --- init and adopt


def test_init_shows_and_does_nothing_unasked(tmp_path, said):
    folder = tmp_path / "new"
    folder.mkdir()
    status, out, err = said("init", folder)
    assert status == 1 and any("write settings.ini" in line for line in out) and "--yes" in err[0]
    assert not list(folder.iterdir())
    status, out, _ = said("init", folder, "--json")
    plan = json.loads("\n".join(out))
    assert status == 1 and not plan["applied"] and plan["steps"] and not list(folder.iterdir())
    assert said("init", folder, "--yes")[0] == 0 and (folder / "settings.ini").is_file()
    status, out, _ = said("init", folder)
    assert status == 0 and out[-1].startswith("nothing to do")
    assert said("check", folder)[0] == 0


@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"n\n", 1), (b"\x04", 1)])
def test_init_asks_a_person(tmp_path, answer, status):
    folder = tmp_path / "new"
    folder.mkdir()
    ours, theirs = pty.openpty()
    os.write(ours, answer * 3)
    command = [sys.executable, "-m", "comprehend_nb.cli", "init", str(folder)]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, env=environ(), check=False)
    os.close(ours), os.close(theirs)
    assert done.returncode == status and "Write settings.ini? [y/N]" in done.stdout and not done.stderr
    assert bool(list(folder.iterdir())) is (status == 0)


def test_init_does_what_a_person_agreed_to_and_nothing_else(tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    ours, theirs = pty.openpty()
    os.write(ours, b"n\ny\nn\n")
    done = subprocess.run(
        [sys.executable, "-m", "comprehend_nb.cli", "init", str(folder)],
        stdin=theirs,
        capture_output=True,
        text=True,
        env=environ(),
        check=False,
    )
    os.close(ours), os.close(theirs)
    assert (
        done.returncode == 0
        and [p.name for p in folder.iterdir()] == ["settings.ini"]
        and "pyproject.toml stays as it is" in done.stdout
    )


def test_adopt_takes_in_what_is_there(lab, said, ada):
    status, out, err = said("adopt")
    assert status == 1 and ADA.name in "\n".join(out) and "--yes" in err[0]
    assert not (lab.root / ".comprehend" / "ledger").exists()
    assert said("adopt", "--json")[0] == 1 and not (lab.root / ".comprehend" / "ledger").exists()
    status, out, _ = said("adopt", "--yes", "--json")
    done = json.loads("\n".join(out))
    assert status == 0 and done["ok"] and done["adopted"] == 5 and not done["refused"]
    assert said("check")[0] == 0
    status, out, _ = said("adopt", "nbs", "--yes")  # from within, it is still the project
    assert (
        status == 0
        and out[-1] == "0 cells adopted, 5 stood already, 0 refused"
        and not (lab.root / "nbs" / "settings.ini").exists()
    )


# --- autoload


def test_autoload_on_and_off_is_idempotent_and_exact(tmp_path, monkeypatch, said):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    theirs = tmp_path / "env" / "etc" / "ipython" / "ipython_config.py"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("c.InteractiveShellApp.extensions = ['autoreload']\n")
    assert said("autoload", "--off")[1][0].startswith("nothing to do")
    assert said("autoload")[1][0].startswith("wrote ")
    before = autoload.startup_file().read_bytes()
    assert said("autoload")[1] == ["nothing to do: autoload is on in this environment"]
    assert autoload.startup_file().read_bytes() == before
    status, out, _ = said("autoload", "--off", "--json")
    assert status == 0 and json.loads("\n".join(out))["changed"] is True
    assert [p.name for p in theirs.parent.iterdir()] == ["ipython_config.py"] and "autoreload" in theirs.read_text()
    said("autoload")
    autoload.startup_file().write_text("print('mine')\n")
    for argv in (["autoload"], ["autoload", "--off"]):
        status, _, err = said(*argv)
        assert status == 2 and "not as comprehend-nb wrote it" in err[0]


KERNEL = """
import json, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3")
seen = []
for code in ("import sys; print(sys.prefix)", "print(get_ipython().extension_manager.loaded)", "%who"):
    client.execute_interactive(code, timeout=30, output_hook=lambda m: seen.append(m["content"].get("text", m["content"].get("evalue", ""))))
client.stop_channels(); manager.shutdown_kernel(now=True)
print(json.dumps("".join(str(s) for s in seen)))
"""


def test_a_real_kernel_of_the_environment_loads_it_and_gains_no_name(tmp_path):
    "A new environment that sees our packages: its kernels load the extension after `autoload`, and no longer after `--off`."
    import ipykernel

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    env = environ() | {"PYTHONPATH": f"{SITE}{os.pathsep}{Path(ipykernel.__file__).parents[1]}"}

    def kernel():
        done = subprocess.run([python, "-c", KERNEL], env=env, capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    def switch(*more):
        subprocess.run([python, "-m", "comprehend_nb.cli", "autoload", *more], env=env, check=True, capture_output=True)

    assert "'comprehend_nb'" not in kernel()
    switch()
    text = kernel()
    assert str(tmp_path / "env") in text and "'comprehend_nb'" in text and text.splitlines()[-1].split() == ["sys"]
    assert "_failed" not in text and "not loaded" not in text and "Error" not in text
    switch("--off")
    assert "'comprehend_nb'" not in kernel()
    assert not (tmp_path / "env" / "etc" / "ipython").exists()


# --- doctor


def test_doctor_says_what_is_used_and_never_the_key(lab, said, monkeypatch, ada):
    key = "sk-ant-api03-Q9planted" + "7" * 60
    status, out, _ = said("doctor")
    assert status == 0 and "key: none" in out and any(line.startswith("model: rules") for line in out)
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    for argv in (["doctor"], ["doctor", "--json"]):
        status, out, err = said(*argv)
        text = "\n".join(out + err)
        assert status == 0 and "there is one, from ANTHROPIC_API_KEY" in text and "api.anthropic.com" in text
        assert not any(key[i : i + 8] in text for i in range(len(key) - 8))
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"https://me:{key}@[broken")
    assert key not in "\n".join(said("doctor")[1])
    Path(os.environ["COMPREHEND_NB_CONFIG"]).write_text(f'api_key = "{key}"\nbase_url = "http://127.0.0.1:9"\n')
    text = "\n".join(said("doctor")[1])
    assert "from ANTHROPIC_API_KEY" in text or "from your settings" in text
    assert key not in text and "127.0.0.1:9" in text


def test_doctor_imports_nothing_it_reports_on(lab):
    asked = "import sys; from comprehend_nb.cli import main; main(['doctor']); print(sorted(sys.modules))"
    out = subprocess.run(
        [sys.executable, "-c", asked], env=environ(), capture_output=True, text=True, check=True
    ).stdout
    assert not {
        m
        for m in ("anthropic", "nbdev", "IPython", "ipykernel", "jupyterlab", "pandas", "numpy")
        if f"'{m}'" in out.splitlines()[-1]
    }


def test_doctor_goes_on_where_something_is_broken(lab, said, ada):
    lab.policy("ai = nonsense\n")
    Path(os.environ["COMPREHEND_NB_CONFIG"]).write_text("modle = 1\n")
    status, out, _ = said("doctor")
    bad = [line for line in out if line.startswith("NOT WELL")]
    assert status == 1 and any("modle" in line for line in bad) and any("autoload: off" in line for line in out)
    assert not any("Traceback" in line for line in out)


# --- lab


def test_lab_makes_a_project_once_and_overwrites_nothing(tmp_path, said):
    status, out, _ = said("lab", "--no-open")
    made = tmp_path / tutorial.FOLDER
    notebook = made / tutorial.NOTEBOOK
    assert status == 0 and out[0] == f"wrote {notebook}"
    notebook.write_text(notebook.read_text().replace("Ten minutes", "My ten minutes"))
    mine = {p: p.read_bytes() for p in made.rglob("*") if p.is_file()}
    assert said("lab", "--no-open")[1][0].startswith("kept as it is")
    assert {p: p.read_bytes() for p in made.rglob("*") if p.is_file()} == mine
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    for taken in ("full", "full/thesis.txt"):
        status, out, err = said("lab", taken, "--no-open")
        assert status == 2 and not out and len(err) == 1
    assert (tmp_path / "full" / "thesis.txt").read_text() == "years of work"


def test_lab_becomes_jupyterlab(tmp_path, monkeypatch, said):
    became = []
    monkeypatch.setattr(os, "execve", lambda *a: became.append(a))
    assert said("lab", "mine", "--no-browser", "--jupyter=--port=9")[0] == 0
    [(program, command, env)] = became
    assert (
        program == sys.executable
        and command[1:3] == ["-m", "jupyterlab"]
        and command[-2:] == ["--no-browser", "--port=9"]
    )
    assert (
        f"--ServerApp.root_dir={tmp_path / 'mine'}" in command
        and "--LabApp.default_url=/lab/tree/nbs/tutorial.ipynb" in command
    )
    assert env["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_the_tutorial_is_a_sound_notebook_that_export_refuses_for_one_reason(tmp_path, said):
    import nbformat

    book = nbformat.reads(tutorial.tutorial_text(), as_version=4)
    nbformat.validate(book)
    assert book.metadata.kernelspec.name == "python3" and not any(c.get("outputs") for c in book.cells)
    said("lab", "mine", "--no-open")
    status, out, _ = said("export", "mine")
    assert status == 1 and "heavier_than: nobody has run this code" in out[0] and len(out) == 2


def test_the_tutorial_runs_under_a_program_without_an_error_and_records_nothing(tmp_path, said, monkeypatch):
    import nbformat
    from nbclient import NotebookClient

    said("lab", "mine", "--no-open")
    monkeypatch.setenv("PATH", environ()["PATH"])
    folder = tmp_path / "mine" / "nbs"
    book = nbformat.read(folder / "tutorial.ipynb", as_version=4)
    NotebookClient(book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    assert "nobody has run this code" in json.dumps(book) and not read(tmp_path / "mine").records


SAID = {
    "d1": "what: counts how many values are missing in each column of penguins\nwhy: the count says whether to drop or to fill\n"
          "fails: a missing value that was written as text is not counted",
    "heavier_than": "what: keeps the rows of birds whose body_mass_g is above grams\nwhy: a boolean mask keeps every column and the index of birds\n"
                    "fails: birds of unknown mass are dropped without a word; without body_mass_g it raises KeyError",
}  # fmt: skip


def test_the_tutorial_teaches_the_loop_to_a_person(tmp_path, said, monkeypatch, ada):
    "As a front end would: standard input allowed, and the cells that appear are run, with a person's words filled in."
    from jupyter_client.manager import start_new_kernel

    said("lab", "mine", "--no-open")
    monkeypatch.setenv("PATH", environ()["PATH"])
    path = tmp_path / "mine" / tutorial.NOTEBOOK
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(path.parent))
    shown, became = {}, []

    def run(source, cell_id):
        out = []
        reply = client.execute_interactive(
            source,
            allow_stdin=True,
            timeout=60,
            stdin_hook=lambda _: client.input("y"),
            output_hook=lambda m: out.append(m["content"]),
        )
        shown[cell_id] = shown.get(cell_id, "") + json.dumps(out)
        for payload in reply["content"]["payload"]:
            text = payload.get("text", "")
            if payload.get("replace"):
                became.append(text)
            elif text.startswith("%%ai_explain d1"):
                run(f"%%ai_explain d1\n{SAID['d1']}", "explained")
            elif text:
                run(text, "appeared")

    try:
        for cell in json.loads(path.read_text())["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code":
                run(
                    f"%%ai_explain heavier_than\n{SAID['heavier_than']}" if cell["id"] == "yours" else source,
                    cell["id"],
                )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert "proposed by rules" in shown["ask"] and len(became) == 1 and "penguins" in became[0]
    assert "heavier_than: " in shown["refused"] and "nothing was exported" in shown["refused"], shown["refused"]
    assert "wrote " in shown["exported"] and "it holds" in shown["stale"], shown["exported"]
    assert said("explain", "comprehend_nb_tutorial.heavier_than")[0] == 1  # not from here,
    monkeypatch.chdir(tmp_path / "mine")
    status, out, _ = said("explain", "heavier_than")
    assert status == 0 and "still true" in out[-1]


# --- what goes wrong


def test_ctrl_c_is_130_and_quiet(tmp_path, said, monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "diagnose", stop)
    assert said("doctor") == (130, [], [])


def test_a_real_ctrl_c(tmp_path):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "comprehend_nb.cli", "init", str(tmp_path)]
    run = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ())
    while not run.stdout.read(1):
        time.sleep(0.01)
    time.sleep(0.5)  # it asks now
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=10)
    os.close(ours), os.close(theirs)
    assert run.returncode == 130 and err == b""


def test_a_reader_that_went_away_is_no_traceback(lab):
    done = subprocess.run(
        f"{sys.executable} -m comprehend_nb.cli check | true",
        shell=True,
        cwd=lab.root,
        env=environ(),
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_a_fault_of_ours_is_one_line(monkeypatch, said):
    monkeypatch.setattr(doctor, "diagnose", lambda _: 1 / 0)
    status, _, err = said("doctor")
    assert status == 2 and len(err) == 1 and "ZeroDivisionError" in err[0]
    monkeypatch.setenv("COMPREHEND_NB_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        main(["doctor"])


def test_what_cannot_be_written_is_no_fault_of_ours(monkeypatch, said):
    def refuse(_):
        raise PermissionError(errno.EACCES, "Permission denied", "p/settings.ini")

    monkeypatch.setattr(doctor, "diagnose", refuse)
    status, _, err = said("doctor")
    assert status == 2 and err == [
        "comprehend-nb: p/settings.ini: Permission denied. Nothing more was done; check permissions and space."
    ]


def test_no_command_shows_what_there_is(said):
    status, out, err = said()
    assert status == 2 and not out and any("check" in line for line in err) and any("quiz" in line for line in err)


def test_a_setting_without_its_section_and_a_broken_one_say_what_to_do(lab, said):
    (lab.root / "settings.ini").write_text("persist = none\n")
    assert "Put [comprehend_nb] on a line of its own" in said("check")[2][0]
    (lab.root / "settings.ini").write_text("[comprehend_nb]\npersist = maybe\n")
    said("init", "--yes")
    status, out, err = said("init")
    assert status == 2 and "maybe" in err[-1] and not any("nothing to do" in line for line in out)


def test_a_package_file_that_says_nothing_is_no_module_by_hand(lab, said):
    lab.understand()
    said("export")
    assert not any("by hand" in line for line in said("check")[1]), "nbdev itself writes __init__.py"
    (lab.root / "shop" / "__init__.py").write_text('__version__ = "0.0.1"\n\n\ndef tax(net):\n    return net * 0.07\n')
    assert any("1 module is written by hand and lies outside" in line for line in said("check")[1])


def test_a_terminal_gets_colours_and_no_color_none(lab):
    def seen(**more):
        ours, theirs = pty.openpty()
        run = subprocess.Popen(
            [sys.executable, "-m", "comprehend_nb.cli", "check"],
            cwd=lab.root,
            stdout=theirs,
            stderr=theirs,
            env=environ() | {"TERM": "xterm"} | more,
        )
        os.close(theirs)
        text = b""
        while True:
            try:
                text += (got := os.read(ours, 4096))
            except OSError:
                break
            if not got:
                break
        run.wait()
        os.close(ours)
        return text

    assert b"\x1b[" in seen() and b"\x1b" not in seen(NO_COLOR="1")


def test_an_ascii_terminal_is_no_reason_to_fail(lab):
    lab.write("03_ümläut", "#| default_exp more", "#| export\ndef f(x):\n    return x")
    done = shell("check", cwd=lab.root, PYTHONIOENCODING="ascii")
    assert done.returncode == 1 and "03_?ml?ut.ipynb" in done.stdout and not done.stderr


def test_without_asking_anything_of_it(tmp_path, said):
    Lab(tmp_path / "easy", ASKS_NOTHING).sample()
    assert said("check", tmp_path / "easy")[0] == 0
