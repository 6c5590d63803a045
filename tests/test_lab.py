"""The loop as a person walks it: JupyterLab in a browser, keys pressed, and what the saved notebook holds."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernel_support import ledger_text, make_project
from loopback import Loopback, propose, say

import comprehend_nb

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here: pip install playwright")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium here: install it, or name it in CHROMIUM")

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
CONFIG = """from jupyterlab.galata import configure_jupyter_server
configure_jupyter_server(c)
c.ServerApp.ip, c.ServerApp.port, c.ServerApp.root_dir = "127.0.0.1", {port}, {root!r}
c.LabApp.extension_manager = "readonly"
"""
PENGUINS = Path(comprehend_nb.__file__).parent / "data" / "penguins.csv"
CODE = "missing = penguins.isna().sum()\nmissing.sort_values(ascending=False)"
WORDS = (
    "%%ai_explain d1\nwhat: lists how many measurements each column lacks, worst first\n"
    "why: sex has most gaps, so means by sex would silently drop birds\n"
    "fails: a gap written as the word unknown would not be counted"
)
# `page` and `cells` are what the expressions of `Notebook` speak of
LOOK = """
const page = [...window.jupyterapp.shell.widgets('main')].find(w => w.context && w.context.path.endsWith('.ipynb'));
const said = o => [o.text || (o.data || {})['text/plain'] || o.evalue || ''].flat().join('');
const cells = !page || !page.context.isReady ? [] : page.model.sharedModel.cells.map(c => (
    {source: c.source, count: c.execution_count, said: (c.outputs || []).map(said).join('')}));
"""


@contextmanager
def lab(project: Path, own: Path, environ: dict[str, str]) -> Iterator[str]:
    "The address of a JupyterLab on the project, with folders of its own; it and its kernels are gone afterwards."
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    for name in ("config/labconfig", "run", "ipython", "tmp"):
        (own / name).mkdir(parents=True)
    config = own / "jupyter_server_test_config.py"
    config.write_text(CONFIG.format(port=port, root=str(project)))
    no_news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (own / "config" / "labconfig" / "page_config.json").write_text(json.dumps(no_news))
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "run", "IPYTHONDIR": "ipython", "TMPDIR": "tmp"}
    environ = os.environ | {k: str(own / v) for k, v in folders.items()} | environ
    command = [sys.executable, "-m", "jupyterlab", "--config", str(config), "--allow-root"]
    with (own / "lab.log").open("w") as log:
        server = subprocess.Popen(command, cwd=own, env=environ, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(server, f"{url}/api", own / "lab.log")
        yield url
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(log.read_text())


@contextmanager
def browsing() -> Iterator[Any]:
    "A page of a headless browser."
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(30_000)
            page.on("dialog", lambda d: d.accept())
            yield page
        finally:
            browser.close()


class Notebook:
    "The open notebook, worked by keys and looked at through JupyterLab's own model of it."

    def __init__(self, page: Any, url: str, path: str) -> None:
        self.page = page
        page.goto(f"{url}/lab/tree/{path}?reset")
        page.wait_for_function("() => window.jupyterapp && window.jupyterapp.restored.then(() => true)")
        self.until("cells.length && page.sessionContext.session?.kernel?.status === 'idle'")

    @property
    def cells(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate(f"() => {{ {LOOK} return cells }}")
        return found

    def until(self, condition: str) -> None:
        "Wait until this holds; where it does not, show the notebook."
        try:
            self.page.wait_for_function(f"() => {{ {LOOK} return {condition} }}", polling=50)
        except playwright.TimeoutError:
            pytest.fail(f"never: {condition}\n{json.dumps(self.cells, indent=1, ensure_ascii=False)}")

    def do(self, command: str) -> None:
        self.page.evaluate("c => { void window.jupyterapp.commands.execute(c) }", command)

    def select(self, index: int) -> None:
        self.page.locator(".jp-Notebook-cell").nth(index).locator(".jp-InputArea-editor").click()

    def type(self, index: int, text: str) -> None:
        "Type over what the cell holds."
        self.select(index)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        self.until(f"cells[{index}].source === {json.dumps(text)}")

    def run(self, index: int) -> str:
        "Shift-Enter in this cell; what it says when the kernel is done with it."
        last = max(c["count"] or 0 for c in self.cells)
        self.select(index)
        self.page.keyboard.press("Shift+Enter")
        self.until(f"cells[{index}].count > {last} && page.sessionContext.session.kernel.status === 'idle'")
        return str(self.cells[index]["said"])


def write_notebook(path: Path) -> None:
    sources = ["%load_ext comprehend_nb", f"import pandas as pd\npenguins = pd.read_csv({str(PENGUINS)!r})", "%%ai"]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    v4 = nbformat.v4
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(s) for s in sources], metadata=kernel), path)


@pytest.mark.slow
def test_loop_in_jupyterlab(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    path = project / "nbs" / "birds.ipynb"
    write_notebook(path)
    with Loopback([propose(CODE), say("It holds 344 rows.")]) as server:
        environ = {"ANTHROPIC_BASE_URL": server.url, "COMPREHEND_NB_API_KEY": "local-key"}
        with lab(project, tmp_path / "own", environ) as url, browsing() as page:
            nb = Notebook(page, url, "nbs/birds.ipynb")
            nb.run(0)
            nb.run(1)
            assert "missing = penguins.isna().sum()" in nb.run(2)
            nb.until("cells[3].source === '%ai_run d1'")
            assert nb.cells[3]["count"] is None, "a proposal ran by itself"

            assert "d1 ran" in nb.run(3)
            nb.until("cells[4].source.startsWith('%%ai_explain d1\\nwhat: ')")
            assert "not explained yet" in nb.run(4)
            nb.type(4, WORDS)
            said = nb.run(4)
            nb.until(f"cells[4].source === {json.dumps(CODE)}")
            assert "bill_length_mm" in said, "the recorded output is below the accepted code"

            nb.type(5, "%ai why is penguins empty?")
            assert "344 rows" in nb.run(5)
            asked = len(server.requests)
            assert "answered before" in nb.run(2)
            cells_before = [c["source"] for c in nb.cells]

            nb.do("notebook:restart-run-all")
            page.locator(".jp-Dialog .jp-mod-accept").click()
            nb.until("cells[0].count === 1 && cells[5].count === 6")
            assert [c["source"] for c in nb.cells] == cells_before, "running everything again offers nothing anew"
            assert "answered before" in nb.cells[2]["said"]
            assert "bill_length_mm" in nb.cells[4]["said"], "accepted code runs as any code"
            assert len(server.requests) == asked == 2, "sent twice"

            nb.do("docmanager:save")
            nb.until("!page.model.dirty")
    saved = [c.source for c in nbformat.read(path, as_version=4).cells]
    assert [s for s in saved if s and not s.startswith("%")] == [saved[1], CODE]
    assert ledger_text(project).count('"kind":"explained"') == 1
