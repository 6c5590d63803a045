"The panel where the kernel is elsewhere or answers otherwise: behind a gateway, on a Hub, and without subshells. In a real browser."

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kernel_support import ledger_text, make_project
from lab_support import FRAME, TOGETHER, Notebook, Panel, Site, lab, needs_the_panel, new_page, write_notebook
from loopback import Loopback, propose, say
from remote_support import free_port, serving
from test_remote import TOKEN, hub, start  # noqa: F401  (a fixture)

pytestmark = [*needs_the_panel, pytest.mark.sweep, pytest.mark.timeout(600)]
WORDS = {
    "what": "share of birds whose mass was not recorded",
    "why": "a species with many gaps would pull the comparison of masses",
    "fails": "a gap written as the word unknown would not be counted",
}
DIES = "import os; os._exit(1)"
NO_SUBSHELLS = {"@jupyterlab/apputils-extension:kernels-settings": {"commsOverSubshells": "disabled"}}


def answered(notebook: Notebook, panel: Panel, times: int = 6) -> Panel:
    """The panel, once the kernel answers this page.

    A gateway takes no subprotocol, so JupyterLab connects twice under one session, and the kernel may answer the
    connection that is gone (the same happens with our extension disabled). The panel must say so, and its button must
    be a way out; each time is a new chance.
    """
    known = "page.sessionContext.session?.kernel && page.sessionContext.session.kernel.status !== 'unknown'"
    for _ in range(times):
        notebook.until(
            f"({known}) || document.querySelector('#comprehend-nb-panel')?.innerText.includes('not answered')"
        )
        if not panel.button("Load the page again").is_visible():
            return panel
        with notebook.page.expect_navigation():
            panel.button("Load the page again").click()
        notebook.ready(idle=False)
        panel.show()
    pytest.fail(f"the kernel never answers: {panel.text}")


def half_typed_through_a_death(page: Any, notebook: Notebook, panel: Panel) -> None:
    "A draft that ran, an explanation begun; the kernel dies, comes back, and nothing of it is lost. Then the loop is walked to its end."
    notebook.run(0)
    panel.row("penguins").wait_for()
    panel.ask()
    panel.button("Run", panel.draft).click()
    field = panel.draft.locator("textarea").nth(1)
    field.fill("because gaps would pull the means")
    notebook.select(2)
    page.keyboard.press("Control+Enter")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    panel.button("Load it").or_(panel.button("Load the page again")).wait_for()
    answered(notebook, panel).load()
    panel.draft.get_by_text("the kernel was restarted").wait_for()
    notebook.run(0)
    panel.button("Run again", panel.draft).click()
    field.wait_for()
    assert field.input_value() == "because gaps would pull the means"
    panel.explain(WORDS)
    notebook.until("cells[1].source.includes('isna')")


def kernel_gateway(own: Path) -> list[str]:
    pytest.importorskip("kernel_gateway", reason="needs jupyter_kernel_gateway")
    # JupyterLab believes itself without a server where it may not list the kernels
    lists = "--JupyterWebsocketPersonality.list_kernels=True"
    return [sys.executable, "-m", "kernel_gateway", f"--KernelGatewayApp.auth_token={TOKEN}", lists]


def enterprise_gateway(own: Path) -> list[str]:
    "It needs an older Jupyter server than ours, so it has an environment of its own; its kernels run in this one."
    subprocess.run([sys.executable, "-m", "venv", str(own / "venv")], check=True)
    python = str(own / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "jupyter_enterprise_gateway>=3.3,<4"], check=True)
    kernel = own / "share" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python far away", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    known = ["--EnterpriseGatewayApp.list_kernels=True", f"--EnterpriseGatewayApp.auth_token={TOKEN}"]
    return ["env", f"JUPYTER_PATH={own / 'share'}", python, "-m", "enterprise_gateway", *known]


@pytest.mark.parametrize("gateway", [kernel_gateway, enterprise_gateway], ids=["kernel", "enterprise"])
def test_behind_a_gateway(page: Any, tmp_path: Path, gateway: Callable[[Path], list[str]]) -> None:
    made, machine, url = make_project(tmp_path / "p"), tmp_path / "machine", f"http://127.0.0.1:{(port := free_port())}"
    machine.mkdir()
    command = [*gateway(tmp_path / "gateway"), "--ip=127.0.0.1", f"--port={port}"]
    for item in made.iterdir():
        shutil.copytree(item, machine / item.name) if item.is_dir() else shutil.copy(item, machine / item.name)
    write_notebook(made / "nbs" / "far.ipynb", FRAME, "", DIES)
    # the enterprise gateway starts no kernel for root
    there = {"JUPYTER_GATEWAY_URL": url, "JUPYTER_GATEWAY_AUTH_TOKEN": TOKEN, "KERNEL_USERNAME": "ada"}
    with (
        serving(command, f"{url}/api/kernelspecs", TOKEN, machine, os.environ),
        lab(made, tmp_path / "own", there) as at,
    ):
        notebook = Notebook(page, at, "nbs/far.ipynb", idle=False)
        panel = answered(notebook, Panel(page).show())
        half_typed_through_a_death(page, notebook, panel.load())
    assert "explained" in ledger_text(machine) and not (made / ".comprehend" / "ledger").exists(), (
        "recorded where the kernel is"
    )


def test_a_kernel_that_does_not_answer_this_page_is_said_and_has_a_way_out(page: Any, site: Site) -> None:
    "Where everything that the kernel says is lost, as behind a gateway, the panel does not wait for good."
    lost = True

    def between(route: Any) -> None:
        server = route.connect_to_server()
        if lost:
            route.on_message(lambda message: None)
            server.on_message(lambda message: None)

    page.route_web_socket("**/channels?*", between)
    path = site.write("silent")
    notebook, panel = Notebook(page, site.url, str(path.relative_to(site.root)), idle=False), Panel(page).show()
    panel.root.get_by_text("Waiting for the kernel").wait_for()
    panel.root.get_by_text("has not answered yet").wait_for()
    lost = False
    with page.expect_navigation():
        panel.button("Load the page again").click()
    notebook.ready()
    panel.load()
    notebook.run(0)
    panel.row("penguins").wait_for()


def test_a_question_that_is_lost_holds_up_nothing(page: Any, site: Site) -> None:
    "The line to a kernel that was started again is not there at once; and a subshell may be taken away under a question."
    losing: list[tuple[bytes, ...]] = [(b"comm_open", b"comprehend_nb.ask")]
    lost: list[bytes] = []

    def between(route: Any) -> None:
        server = route.connect_to_server()

        def pass_on(message: Any) -> None:
            words = message.encode() if isinstance(message, str) else message
            if losing and all(word in words for word in losing[0]):
                losing.clear()
                lost.append(words)
            else:
                server.send(message)

        route.on_message(pass_on)

    page.route_web_socket("**/channels?*", between)
    path = site.write("again")
    notebook = Notebook(page, site.url, str(path.relative_to(site.root)))
    panel = Panel(page).load()
    assert len(lost) == 1
    notebook.run(0)
    panel.row("penguins").wait_for()
    losing.append((b"comm_msg", b'"rows"'))
    names = panel.root.get_by_role("searchbox", name="Filter names")
    names.fill("pd")
    while len(lost) < 2:
        page.wait_for_timeout(50)
    names.fill("peng")
    panel.row("pd").wait_for(state="detached")
    panel.row("penguins").wait_for()


def test_on_a_hub(browser: Any, hub: tuple[str, Path, Path]) -> None:  # noqa: F811
    url, homes, _ = hub
    own = homes / "ada" / ".jupyter"
    (own / "labconfig").mkdir(parents=True)
    (own / "labconfig" / "page_config.json").write_text(
        json.dumps(
            {"disabledExtensions": dict.fromkeys(["@jupyterlab/apputils-extension:announcements", *TOGETHER], True)}
        )
    )
    (own / "jupyter_server_config.py").write_text(
        "c.LabApp.expose_app_in_browser = True\nc.ServerApp.jpserver_extensions = {'jupyter_server_ydoc': False}\n"
    )
    start(hub, "ada")
    write_notebook(homes / "ada" / "shop" / "nbs" / "hub.ipynb", FRAME, "", DIES)
    page = new_page(browser)
    page.goto(f"{url}/hub/login?next=%2Fuser%2Fada%2Flab%2Ftree%2Fnbs%2Fhub.ipynb")
    page.locator("#username_input").fill("ada")
    page.locator("#password_input").fill("any")
    page.locator("#login_submit").click()
    notebook = Notebook(page, f"{url}/user/ada", "nbs/hub.ipynb")
    half_typed_through_a_death(page, notebook, Panel(page).load())
    assert [f for f in page.faults if "comprehend" in f] == []
    page.context.close()
    assert "explained" in ledger_text(homes / "ada" / "shop")


def test_without_subshells(page: Any, tmp_path: Path) -> None:
    "JupyterLab may switch them off: questions wait for the cell then, and the panel says so; rows and what a model writes come all the same."
    project = make_project(tmp_path / "p")
    code = "missing = penguins.isna().sum()\nmissing.sort_values(ascending=False)"
    slow = "import time\nfor i in range(40): time.sleep(0.1)\nlate = 1"
    write_notebook(project / "nbs" / "one.ipynb", FRAME, slow, "")
    with (
        Loopback([propose(code, "Count the gaps.", delay=0.15), say("There are 344 rows.")]) as model,
        lab(project, tmp_path / "own", settings=NO_SUBSHELLS) as url,
    ):
        notebook = Notebook(page, url, "nbs/one.ipynb")
        notebook.asks(model)
        panel = Panel(page).load()
        assert (
            page.evaluate(
                "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.commsOverSubshells"
            )
            == "disabled"
        )
        notebook.run(0)
        panel.row("penguins").wait_for()
        notebook.select(2)
        panel.ask("count the gaps")
        panel.root.locator(".jp-ComprehendNb-writing").get_by_text("missing = penguins").wait_for()
        panel.draft.wait_for()
        notebook.select(1)
        page.keyboard.press("Shift+Enter")
        notebook.until("page.sessionContext.session.kernel.status === 'busy'")
        panel.button("Preview", panel.draft).click()
        panel.draft.get_by_text("Waits for the cell that is running").wait_for()
        panel.draft.get_by_text("In a throwaway copy").wait_for()
        panel.row("late").wait_for()
        panel.button("Run", panel.draft).click()
        panel.explain(WORDS)
        notebook.until(f"cells.some(c => c.source === {json.dumps(code)})")
        panel.ask("how many rows are there?")
        panel.root.get_by_text("There are 344 rows.").wait_for()


def test_a_cell_that_was_deleted_is_not_replaced(page: Any, site: Site) -> None:
    fixed = "mean = sum([1, 2]) / 2"
    with Loopback([propose(fixed, "Divide by the number of values.", target="replace_cell")]) as model:
        notebook, panel, _ = site.start(page, "gone", "mean = sum([1, 2]) / 0", "other = 1", "", model=model)
        notebook.run(0)
        panel.ask("repair it")
        panel.draft.wait_for()
        notebook.select(0)
        page.keyboard.press("Escape")
        notebook.do("notebook:delete-cell")
        panel.draft.get_by_text("is gone").wait_for()
        panel.button("Run", panel.draft).click()
        panel.explain(
            {
                "what": "average of the two readings",
                "why": "two readings were taken, so half of their total",
                "fails": "a third reading would be divided wrongly",
            }
        )
        panel.root.get_by_text("stands in no cell yet").wait_for()
        assert [c["source"] for c in notebook.cells] == ["other = 1", ""], "never a guess at another cell"
        panel.button("Insert d1").click()
        notebook.until(f"cells.some(c => c.source === {json.dumps(fixed)})")
        assert [c["source"] for c in notebook.cells if c["source"]].count("other = 1") == 1
