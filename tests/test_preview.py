"""Preview in a real kernel: what a cell would do is told, and nothing of it stays."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from kernel_support import Driver, driving, everything_written, make_project
from loopback import Loopback, propose
from preview_cases import CASES, Case

WARMED: set[str] = set()

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="a copy of the kernel can be shut in on Linux alone"
)

SETUP = """
import numpy as np, pandas as pd, random, os, asyncio
from comprehend_nb.preview import preview, trials, CannotPreview
df = pd.DataFrame({"mass": [3.0, 4.0, 5.0], "name": list("abc")})
def p(source, **more):
    o = preview(source, get_ipython().user_ns, **more)
    print(o.text())
    return o
def j(source, **more):
    import json; print(json.dumps(preview(source, get_ipython().user_ns, **more).to_dict()))
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    "One kernel for all tests that leave it as it was, which is what they are about."
    with driving(make_project(tmp_path_factory.mktemp("kernel") / "p")) as d:
        d.run(SETUP)
        yield d


def tell(d: Driver, source: str, **more: Any) -> dict[str, Any]:
    "The outcome of a preview in the kernel."
    said = d.run(f"j({source!r}, **{more!r})")
    try:
        return json.loads(said)
    except ValueError:
        raise AssertionError(said) from None


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "p")


def model(server: Loopback) -> dict[str, str]:
    return {"ANTHROPIC_BASE_URL": server.url, "COMPREHEND_NB_API_KEY": "local-key"}


def test_a_draft_is_tried_and_nothing_of_it_stays(project: Path) -> None:
    code = "df['bmi'] = df['mass'] * 2\nopen('out.txt', 'w').close() if False else None\nprint('done')"
    with Loopback([propose(code), propose("1 / zero")]) as server, driving(project, model(server)) as d:
        d.run(SETUP + "zero = 0")
        d.run("%ai add bmi", "c1")
        said = d.run("%ai_preview d1", "c2")
        assert "~ df 3x2 -> 3x3, +1 column bmi" in said
        assert "| done" in said
        assert "nothing was kept" in said
        assert d.handed == "%ai_run d1"
        assert d.run("print(list(df.columns))") == "['mass', 'name']"
        said = d.run("%ai_run d1", "c3")
        assert "d1 ran:\n~ df 3x2 -> 3x3, +1 column bmi\n(as its preview showed)" in said
        d.run("%ai divide", "c4")
        said = d.run("%ai_preview", "c5")
        assert "! ZeroDivisionError: division by zero" in said
        assert d.handed.startswith("%%ai_edit d2")
    assert '"tried"' in everything_written(project)
    with driving(project, model(server)) as d:
        said = d.run("%ai_preview d2", "c5", allow_stdin=False)
        assert "ZeroDivisionError" in said, "a program is shown what is kept"


def test_a_draft_that_awaits_runs_in_a_cell_of_its_own(project: Path) -> None:
    code = "async def tick(n):\n    await asyncio.sleep(0.01)\n    return n\n\nticked = await tick(3 + len(drawn))\nprint('ticked')\nticked"
    drafts = [propose(code), propose("x_ = await asyncio.sleep(0, 1 / 0)")]
    with Loopback(drafts) as server, driving(project, model(server)) as d:
        d.run(SETUP + "drawn = []")
        d.run("%ai tick", "c1")
        assert "+ ticked  int 3" in d.run("%ai_preview d1", "c2")
        assert d.run("'ticked' in globals()") == "False"
        d.run("drawn.append(1)")
        said = d.run("%ai_run d1", "c3")
        assert "+ ticked  int 4\n(not as its preview showed: + ticked int 4)" in said
        assert d.run("ticked") == "4"
        assert d.run("%ai_run d1", "c3").startswith("ticked"), "what is recorded is shown, and nothing runs twice"
        assert "needs a cell of its own" in d.run("if True:\n    %ai_run --again d1", "c4")
        d.run("%ai fail", "c5")
        said = d.run("%ai_run d2", "c6")
        assert "ZeroDivisionError" in said
        assert "did not run through" in said


def test_a_cell_runs_as_ipython_runs_it(kernel: Driver) -> None:
    assert tell(kernel, "df['mass'].sum()")["result"] == kernel.run("df['mass'].sum()") == "np.float64(12.0)"
    assert tell(kernel, "df['mass'].sum();")["result"] == "", "a semicolon silences"
    assert tell(kernel, "%time x = 1\n")["added"][0]["name"] == "x"
    assert tell(kernel, "files = %who_ls\nlen(files) > 3")["result"] == "True"
    assert tell(kernel, "await asyncio.sleep(0.01)\nx = 7\nx")["result"] == "7"
    said = tell(kernel, "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))\ndf")
    assert said["displays"][0]["text/html"] == "<b>x</b>"
    assert "mass" in said["result"]
    assert "text/html" in said["displays"][1]
    assert tell(kernel, "_ = 1\nIn[-1][:5]")["result"] == "'_ = 1'"
    assert tell(kernel, "input()")["error"][0] == "StdinNotImplementedError"
    assert tell(kernel, "print(1); print(2)")["output"] == "1\n2\n"


def test_what_a_cell_tries_is_stopped_and_told(kernel: Driver) -> None:
    folder = kernel.kernel.folder
    (folder / "kept.txt").write_text("kept")
    said = tell(kernel, "open('kept.txt', 'w').write('x')")
    assert said["error"][0] == "PermissionError"
    assert said["attempts"] == ["write kept.txt"]
    assert tell(kernel, "os.remove('kept.txt')")["attempts"] == ["delete kept.txt"]
    assert tell(kernel, "!touch made.txt")["attempts"]
    assert tell(kernel, "import socket; socket.create_connection(('127.0.0.1', 9), 1)")["attempts"] == [
        "call 127.0.0.1:9"
    ]
    assert tell(kernel, "os.kill(os.getppid(), 9)")["error"][0] == "PermissionError"
    assert tell(kernel, "df.to_csv('made.csv')")["attempts"] == ["write made.csv"]
    (folder / "helper_of_ours.py").write_text("x = 1")
    assert tell(kernel, "import sys; sys.path.insert(0, ''); import helper_of_ours")["attempts"] == [], (
        "bytecode that Python keeps is no attempt of the cell"
    )
    (folder / "helper_of_ours.py").unlink()
    assert (folder / "kept.txt").read_text() == "kept"
    assert [p.name for p in folder.iterdir()] == ["kept.txt"]
    assert tell(kernel, "import tempfile; f = tempfile.NamedTemporaryFile(); f.write(b'x')")["error"] is None


@pytest.mark.parametrize(
    ("source", "ended"),
    [
        ("while True: pass", "timeout"),
        ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", "timeout"),
        ("import threading; l = threading.Lock(); l.acquire(); l.acquire()", "stuck"),
        ("os._exit(3)", "died"),
        ("import ctypes; ctypes.string_at(0)", "died"),
        ("x = bytearray(10**12)", "memory"),
        ("get_ipython().kernel.do_shutdown(False); exit()", "ran"),
    ],
)
def test_a_cell_that_misbehaves_ends_and_the_kernel_goes_on(kernel: Driver, source: str, ended: str) -> None:
    assert tell(kernel, source, timeout=3)["ended"] == ended
    assert kernel.run("print(6 * 7)") == "42"


def test_trials_start_from_one_state(kernel: Driver) -> None:
    kernel.run(
        "random.seed(1); np.random.seed(1); cells = ['x = random.random(), np.random.rand()\\nx'] * 3 + ['x = 1']"
    )
    kernel.run("ts = trials(cells, get_ipython().user_ns, watch=['x', '_', 'nothing'])")
    assert (
        kernel.run("print(len({t.values['x'].digest for t in ts[:3]}), len({t.values['_'].digest for t in ts[:3]}))")
        == "1 1"
    )
    assert kernel.run("print(ts[3].values['x'].text, '_' in ts[3].values, 'x' in globals())") == "1 False False"
    assert (
        kernel.run(
            "print(ts[0].values['x'].digest == trials(['x = random.random(), np.random.rand()'], globals(), watch=['x'])[0].values['x'].digest)"
        )
        == "True"
    )


def test_a_preview_is_refused_beside_a_working_thread(kernel: Driver) -> None:
    kernel.run(
        "import threading; go = threading.Event()\ndef spin():\n    while not go.is_set(): pass\nt = threading.Thread(target=spin, name='spinner'); t.start()"
    )
    said = kernel.run("try: p('1')\nexcept CannotPreview as e: print(e)")
    assert "'spinner' is working (spin in" in said
    kernel.run("go.set(); t.join()")
    assert "| 1" in kernel.run("p('1');")


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if all(find_spec(n) for n in c.needs.split()) and "GridSearch" not in c.name],
    ids=lambda c: c.name,
)
def test_a_library_that_is_warm_in_the_kernel_is_previewed(kernel: Driver, case: Case) -> None:
    "Grid search is left to benchmarks/preview.py: warming its processes takes longer than all the others."
    if case.warm not in WARMED:
        WARMED.add(case.warm)
        kernel.run(case.warm)
        assert kernel.status == "ok", case.warm
    said = tell(kernel, case.source, timeout=60)
    assert (said["ended"], said["error"], said["where"]) == ("ran", None, case.where), said
    assert kernel.run("print(6 * 7)") == "42"


def test_what_cannot_be_carried_is_said_with_its_name(kernel: Driver) -> None:
    pytest.importorskip("polars")
    kernel.run(
        "import polars as pl; P = pl.DataFrame({'a': [1, 2]}); P.lazy().sort('a').collect(); gen = (i for i in range(3)); def_ = 1"
    )
    source = "P.filter(pl.col('a') > next(gen)).shape"
    said = kernel.run(f"try: p({source!r})\nexcept CannotPreview as e: print(e)")
    assert "cannot be previewed, because gen, a generator, cannot be carried into another process" in said
    said = kernel.run('try: p(\'P.sort("a"); exec("x = 1")\')\nexcept CannotPreview as e: print(e)')
    assert "reaches for names that cannot be known" in said
    kernel.run("big = np.ones(200_000_000)")
    said = kernel.run("try: p('P.sort(\"a\"); big.sum()')\nexcept CannotPreview as e: print(e.consent, e)")
    assert said.startswith("copy cannot be previewed without your consent: more than 1 GB"), said
    kernel.run("del big")


def test_functions_of_the_notebook_go_into_the_clean_process_with_their_globals(kernel: Driver) -> None:
    pytest.importorskip("polars")
    kernel.run(
        "import polars as pl; P = pl.DataFrame({'a': [1, 2]}); P.sort('a'); seen = []\ndef keep(n):\n    seen.append(n); global last; last = n\n    return len(seen)"
    )
    said = tell(kernel, "keep(P.filter(pl.col('a') > 1).height)\nlast, random.random()")
    assert (said["where"], said["result"][:3]) == ("process", "(1,")
    assert [c["name"] for c in said["added"]] == ["last"]
    assert [c["after"] for c in said["changed"]] == ["list of 1"]
    assert kernel.run("print(seen, 'last' in globals())") == "[] False"
    assert said["result"] == tell(kernel, "x = P.sort('a'); (1, random.random())")["result"], "random state goes along"


def test_where_a_layer_is_missing_a_person_is_asked_and_the_rest_holds(kernel: Driver) -> None:
    kernel.run("import comprehend_nb.preview.sandbox as sb; whole = sb.has_filter; sb.has_filter = lambda: False")
    said = kernel.run("try: p('1')\nexcept CannotPreview as e: print(e.consent, e)")
    if "it could write" in said:
        pytest.skip("this system has no landlock")
    assert "unsandboxed cannot be previewed without your consent" in said
    assert "it could start programs; it could send over the network; it could signal other processes" in said
    assert tell(kernel, "open('made', 'w')", consent=["unsandboxed"])["error"][0] == "PermissionError", (
        "landlock still holds"
    )
    kernel.run("sb.has_filter = whole")
    assert tell(kernel, "1")["result"] == "1"


def test_a_run_that_nobody_asked_for_reads_the_project_alone(kernel: Driver) -> None:
    folder = kernel.kernel.folder
    (folder / "data.csv").write_text("a\n1\n")
    (folder / ".env").write_text("SECRET=1")
    kernel.run(
        "from comprehend_nb.preview import Restricted; df = pd.DataFrame({'mass': [3.0, 4.0, 5.0]}); os.environ['MY_API_KEY'] = 'hunter2hunter2'"
    )
    cells = [
        "open('data.csv').read()",
        "open('.env').read()",
        "open('/etc/passwd').read()",
        "os.environ.get('MY_API_KEY', 'gone')",
        "df",
        "pd.read_csv('data.csv').shape",
    ]
    said = kernel.run(
        f"ts = trials({cells!r}, globals(), restricted=Restricted('.', ['df'])); print([t.outcome.error[0] if t.outcome.error else t.outcome.result for t in ts])"
    )
    assert said.splitlines()[-1] == str(
        ["'a\\n1\\n'", "PermissionError", "PermissionError", "'gone'", "NameError", "(1, 1)"]
    )
    assert kernel.run("os.environ['MY_API_KEY'], 'df' in globals()") == "('hunter2hunter2', True)"


def test_asked_while_a_cell_runs_it_waits_and_says_so(project: Path) -> None:
    with Loopback([propose("x = len('abc')")]) as server, driving(project, model(server)) as d:
        d.run(
            SETUP
            + "import threading; heard = []; from comprehend_nb.session.tryout import try_when_idle; s = get_ipython()._comprehend_nb.session"
        )
        d.run("%ai x", "c1")
        ask = "t = threading.Thread(target=lambda: heard.append(try_when_idle(s, 'd1', heard.append, person=True))); t.start(); t.join()"
        assert d.run(f"{ask}\nawait asyncio.sleep(0.3)\nprint(heard)") == "[True]"
        assert (
            d.run("await asyncio.sleep(0.1)\nprint(heard[1].text().split(chr(10))[0], 'x' in globals())")
            == "+ x  int 3 False"
        )
        d.run("heard.clear(); try_when_idle(s, 'd9', heard.append, person=True)")
        assert "there is no draft 'd9'" in d.run("await asyncio.sleep(0.1)\nprint(heard[0])")
