"A real JupyterLab (or Notebook) on a project, and a browser to work it with."

from __future__ import annotations

import importlib.util
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernel_support import make_project

import comprehend_nb

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 60_000  # milliseconds; the machine may be busy
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
CONFIG = """from jupyterlab.galata import configure_jupyter_server
configure_jupyter_server(c)
c.ServerApp.ip, c.ServerApp.port, c.ServerApp.root_dir = "127.0.0.1", {port}, {root!r}
c.LabApp.extension_manager = "readonly"
c.JupyterNotebookApp.expose_app_in_browser = True
c.ServerApp.jpserver_extensions = {extensions!r}
"""
# without the panel: what JupyterLab is by itself
TOGETHER = ["@jupyter/collaboration-extension", "@jupyter/docprovider-extension"]
PENGUINS = Path(comprehend_nb.__file__).parent / "data" / "penguins.csv"
FRAME = f"import pandas as pd\npenguins = pd.read_csv({str(PENGUINS)!r})"
# `page` and `cells` are what the expressions of `Notebook` speak of
LOOK = """
const page = [...window.jupyterapp.shell.widgets('main')].find(w => w.context && w.context.path.endsWith('.ipynb') && (!window.ours || w.context.path === window.ours));
const said = o => [o.text || (o.data || {})['text/plain'] || o.evalue || ''].flat().join('');
const cells = !page || !page.context.isReady ? [] : page.model.sharedModel.cells.map(c => (
    {id: c.id, source: c.source, count: c.execution_count, said: (c.outputs || []).map(said).join('')}));
"""

needs_a_browser = [
    pytest.mark.skipif(
        importlib.util.find_spec("playwright") is None, reason="no playwright here: pip install playwright"
    ),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here: install it, or name it in CHROMIUM"),
]


def panel_built() -> bool:
    "Is the panel among JupyterLab's extensions here?"
    return (Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "comprehend-nb" / "package.json").is_file()


needs_the_panel = [
    *needs_a_browser,
    pytest.mark.skipif(
        not panel_built(),
        reason="the panel is not installed here: python labextension/hatch_build.py, then pip install -e .",
    ),
]


@contextmanager
def lab(
    project: Path, own: Path, environ: dict[str, str] | None = None, *, app: str = "jupyterlab", together: bool = False, python: str = sys.executable,
    without: tuple[str, ...] = (), settings: dict[str, Any] | None = None,
) -> Iterator[str]:  # fmt: skip
    "The address of a server on the project, with folders of its own; it and its kernels are gone afterwards. `together`: with real-time collaboration."
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    for name in ("config/labconfig", "run", "ipython", "tmp"):
        (own / name).mkdir(parents=True)
    config = own / "jupyter_server_test_config.py"
    config.write_text(
        CONFIG.format(port=port, root=str(project), extensions={} if together else {"jupyter_server_ydoc": False})
    )
    off = ["@jupyterlab/apputils-extension:announcements", *without, *([] if together else TOGETHER)]
    (own / "config" / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": dict.fromkeys(off, True)})
    )
    if settings:
        (own / "config" / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(settings))
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "run", "IPYTHONDIR": "ipython", "TMPDIR": "tmp"}
    environ = os.environ | {k: str(own / v) for k, v in folders.items()} | (environ or {})
    command = [python, "-m", app, "--config", str(config), "--allow-root"]
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
    until = time.monotonic() + 90
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(log.read_text())


@contextmanager
def chrome() -> Iterator[Any]:
    "A headless browser."
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def new_page(browser: Any, width: int = 1280, height: int = 1000) -> Any:
    "A page with nothing stored; what goes wrong in it is in `page.faults`."
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(PATIENCE)
    page.on("dialog", lambda d: d.accept())
    page.faults = []
    page.on("pageerror", lambda e: page.faults.append(f"{e} {e.stack}"))
    return page


class Notebook:
    "An open notebook, worked by keys and looked at through JupyterLab's own model of it."

    def __init__(self, page: Any, url: str, path: str, *, at: str = "lab/tree", idle: bool = True) -> None:
        self.page, self.path = page, path
        page.goto(f"{url}/{at}/{path}{'?reset' if at.startswith('lab') else ''}")
        self.ready(idle=idle)

    def ready(self, *, idle: bool = True) -> None:
        self.page.wait_for_function("() => window.jupyterapp && window.jupyterapp.restored.then(() => true)")
        self.until("cells.length" + (" && page.sessionContext.session?.kernel?.status === 'idle'" if idle else ""))

    def reload(self, *, idle: bool = True) -> None:
        self.page.reload()
        self.ready(idle=idle)

    @property
    def cells(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate(f"() => {{ {LOOK} return cells }}")
        return found

    def until(self, condition: str, patience: int = PATIENCE) -> None:
        "Wait until this holds; where it does not, show the notebook."
        from playwright.sync_api import TimeoutError

        try:
            self.page.wait_for_function(f"() => {{ {LOOK} return {condition} }}", polling=50, timeout=patience)
        except TimeoutError:
            pytest.fail(
                f"never: {condition}\n{json.dumps(self.cells, indent=1, ensure_ascii=False)}\n{self.page.faults}"
            )

    def do(self, command: str) -> None:
        self.page.evaluate("c => { void window.jupyterapp.commands.execute(c) }", command)

    def execute(self, code: str) -> None:
        "In the kernel, without a cell: as a program would that is attached to it."
        content = "{code, store_history: false, allow_stdin: false}"
        script = f"code => {{ {LOOK} return page.sessionContext.session.kernel.requestExecute({content}).done.then(m => m.content.status) }}"
        assert self.page.evaluate(script, code) == "ok"

    def value(self, expression: str) -> str:
        "What an expression is in the kernel, as text; without a cell."
        content = "{code: '', store_history: false, allow_stdin: false, user_expressions: {it}}"
        script = f"it => {{ {LOOK} return page.sessionContext.session.kernel.requestExecute({content}).done.then(m => m.content.user_expressions.it) }}"
        found = self.page.evaluate(script, expression)
        assert found["status"] == "ok", found
        return str(found["data"]["text/plain"])

    def asks(self, model: Any) -> None:
        "Before comprehend-nb is loaded: let this kernel ask a scripted model."
        self.execute(
            f"import os; os.environ.update(ANTHROPIC_BASE_URL={model.url!r}, COMPREHEND_NB_API_KEY='local-key')"
        )

    def save(self) -> None:
        self.page.evaluate(f"() => {{ {LOOK} return page.context.save() }}")

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
        self.page.evaluate(f"() => {{ {LOOK} page.model.sharedModel.cells[{index}].execution_count = null }}")
        self.select(index)
        self.page.keyboard.press("Shift+Enter")
        self.until(f"cells[{index}].count !== null && page.sessionContext.session.kernel.status === 'idle'")
        return str(self.cells[index]["said"])


def write_notebook(path: Path, *sources: str) -> None:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    v4 = nbformat.v4
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(s) for s in sources], metadata=kernel), path)


class Panel:
    "The panel of the notebook in front, as a person sees it."

    def __init__(self, page: Any) -> None:
        self.page, self.root = page, page.locator("#comprehend-nb-panel")

    def show(self) -> Panel:
        self.page.evaluate("() => { void window.jupyterapp.commands.execute('comprehend-nb:open') }")
        self.root.wait_for()
        return self

    def load(self) -> Panel:
        "By its own button, where comprehend-nb is not loaded."
        self.show()
        self.button("Load it").click()
        self.ask_box.wait_for()
        return self

    @property
    def ask_box(self) -> Any:
        return self.root.get_by_role("textbox", name="What you want of the next cell")

    @property
    def draft(self) -> Any:
        return self.root.locator(".jp-ComprehendNb-draft")

    def button(self, name: str, within: Any = None) -> Any:
        return (within or self.root).get_by_role("button", name=name, exact=True)

    def ask(self, text: str = "") -> None:
        self.ask_box.fill(text)
        self.button("Ask").click()

    def explain(self, words: dict[str, str], within: Any = None) -> None:
        form = (within or self.draft).locator(".jp-ComprehendNb-explain")
        form.wait_for()
        for field in form.locator("textarea").all():
            field.fill(words[(field.get_attribute("id") or "").rpartition("-")[2]])
        self.button("Explain", form).click()

    @property
    def text(self) -> str:
        return str(self.root.inner_text())

    def row(self, name: str) -> Any:
        return self.root.locator(".jp-ComprehendNb-row").filter(
            has=self.page.get_by_role("button", name=name, exact=True)
        )


@dataclass(frozen=True)
class Site:
    "A server that several tests share; kernels there ask rules, unless a notebook is given a scripted model."

    url: str
    root: Path

    def write(self, name: str, *sources: str) -> Path:
        "A notebook of this name in a new project of this name: its path, below `nbs`."
        path = make_project(self.root / name) / "nbs" / f"{name}.ipynb"
        write_notebook(path, *(sources or (FRAME, "")))
        return path

    def open(self, page: Any, path: Path, model: Any = None) -> Notebook:
        notebook = Notebook(page, self.url, str(path.relative_to(self.root)))
        if model:
            notebook.asks(model)
        return notebook

    def start(self, page: Any, name: str, *sources: str, model: Any = None) -> tuple[Notebook, Panel, Path]:
        "A new notebook, opened, with the panel beside it and comprehend-nb loaded."
        path = self.write(name, *sources)
        return self.open(page, path, model), Panel(page).load(), path
