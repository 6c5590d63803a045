"The panel as a person meets it: JupyterLab in a browser, the mouse, the keys, and what the notebook on disk holds."

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernel_support import ledger_text
from lab_support import FRAME, Panel, Site, needs_the_panel, write_notebook
from loopback import Loopback, error, propose, say

pytestmark = [*needs_the_panel, pytest.mark.slow]
WORDS = {
    "what": "share of birds whose mass was not recorded",
    "why": "a species with many gaps would pull the comparison of masses",
    "fails": "a gap written as the word unknown would not be counted",
}
POOR = dict.fromkeys(WORDS, "it works")


def on_disk(path: Path) -> list[str]:
    return [c.source for c in nbformat.read(path, as_version=4).cells if c.source]


def mark(page: Any, index: int) -> Any:
    return page.locator(".jp-Notebook-cell").nth(index).locator("> .jp-ComprehendNb-mark")


def standing(page: Any, index: int, label: str) -> None:
    "Wait until the cell's mark says so."
    page.locator(".jp-Notebook-cell").nth(index).locator(f"> .jp-ComprehendNb-mark.jp-mod-{label}").wait_for()


def test_the_loop_by_mouse(page: Any, site: Site) -> None:
    notebook, panel, path = site.start(page, "mouse")
    assert "rules, no model" in panel.text
    notebook.run(0)
    panel.row("penguins").wait_for()
    assert "344 rows" in panel.row("penguins").inner_text()
    standing(page, 0, "executed")

    panel.ask()
    panel.draft.wait_for()
    code = "missing = penguins.isna().sum()"
    assert code in panel.draft.inner_text()
    panel.button("Preview", panel.draft).click()
    panel.draft.get_by_text("In a throwaway copy").wait_for()
    assert "+ missing" in panel.draft.inner_text() and panel.row("missing").count() == 0, "the kernel is as it was"
    notebook.save()
    assert on_disk(path) == [FRAME], "a draft is in no file"

    panel.button("Run", panel.draft).click()
    panel.draft.locator(".jp-ComprehendNb-outputs").get_by_text("bill_length_mm").wait_for()
    panel.row("missing").wait_for()
    panel.explain(POOR)
    panel.draft.locator(".jp-ComprehendNb-reason").first.wait_for()
    assert len(notebook.cells) == 2
    panel.explain(WORDS)
    notebook.until("cells[1].source")
    accepted = notebook.cells[1]
    assert accepted["source"].startswith(code) and "bill_length_mm" in accepted["said"], (
        "in the blank cell it was asked from, with its output"
    )
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex") == 1, "and selected"
    standing(page, 1, "explained")
    assert panel.draft.count() == 0 and "stands in no cell" not in panel.text
    notebook.save()
    assert on_disk(path) == [FRAME, accepted["source"]]
    assert ledger_text(path.parents[1]).count('"kind":"explained"') == 1

    notebook.type(1, accepted["source"] + "\nworst = missing.max()")
    standing(page, 1, "stale")
    mark(page, 1).click()
    cell = panel.root.locator(".jp-mod-cell")
    cell.get_by_text("edited since").wait_for()
    assert WORDS["what"] in cell.inner_text() and "Ada" in cell.inner_text()
    assert cell.locator("textarea").count() == 0, "what did not run cannot be explained"
    notebook.run(1)
    cell.locator("textarea").first.wait_for()
    assert [t.input_value() for t in cell.locator("textarea").all()] == ["", "", ""], "nothing is filled in"
    assert cell.get_by_text("You said:").count() == 3
    assert "worst = missing.max()" in "\n".join(cell.locator(".cm-insertedLine, .cm-changedLine").all_inner_texts())
    for part in WORDS:
        panel.button(f"Keep your words: {part}", cell).click()
    panel.button("Explain", cell).click()
    standing(page, 1, "explained")


CODE = "missing = penguins.isna().sum()\nmissing.sort_values(ascending=False)"


def test_the_loop_by_keyboard_alone_with_a_model(page: Any, site: Site) -> None:
    with Loopback([propose(CODE, "Count the gaps.", delay=0.12)]) as model:
        notebook, panel, keys = site.open(page, site.write("keys"), model), Panel(page), page.keyboard
        keys.press("Control+Shift+C")
        page.locator(".lm-CommandPalette-input:focus").wait_for()
        keys.insert_text("Load comprehend-nb")
        page.locator(".lm-CommandPalette-item[data-command='comprehend-nb:load']").wait_for()
        keys.press("Enter")
        panel.ask_box.wait_for()
        notebook.do("notebook:run-all-cells")  # as the menu's key would
        notebook.until("cells[0].count === 1")
        keys.press("Alt+Shift+A")
        page.locator(".jp-ComprehendNb-ask:focus").wait_for()
        keys.type("count the gaps of $peng")
        panel.root.get_by_role("option", name="penguins").wait_for()
        keys.press("Enter")
        assert panel.ask_box.input_value() == "count the gaps of penguins"
        panel.root.get_by_text("tokens").wait_for()
        keys.press("Enter")
        panel.root.locator(".jp-ComprehendNb-writing").get_by_text("missing = penguins").wait_for()
        assert panel.draft.count() == 0, "seen as it is written, and nothing to act on yet"
        panel.draft.wait_for()
        panel.root.locator(".jp-ComprehendNb-writing").wait_for(state="detached")
        assert "Count the gaps." in panel.draft.inner_text() and "count the gaps of penguins" in model.requests[0].text
        keys.press("Alt+Shift+R")
        panel.draft.locator(".jp-ComprehendNb-explain").wait_for()
        keys.press("Alt+Shift+E")
        page.locator(".jp-ComprehendNb-explain textarea:focus").wait_for()
        for part in ("what", "why", "fails"):
            assert page.evaluate("() => document.activeElement.id").endswith(part)
            keys.type(WORDS[part])
            keys.press("Tab")
        keys.press("Shift+Tab")
        keys.press("Control+Enter")
        notebook.until(f"cells.some(c => c.source === {json.dumps(CODE)})")
        selected = "text => jupyterapp.shell.currentWidget.content.activeCell?.model.sharedModel.source === text"
        page.wait_for_function(selected, arg=CODE)  # which also takes the focus
        keys.press("Alt+Shift+A")
        page.locator(".jp-ComprehendNb-ask:focus").wait_for()
        keys.press("ArrowUp")
        assert panel.ask_box.input_value() == "count the gaps of penguins", "what was asked before comes back"
        assert "$" in panel.root.locator(".jp-ComprehendNb-status").inner_text(), "what was spent"


@pytest.mark.sweep
def test_stop_and_retry_and_errors_in_plain_words(page: Any, site: Site) -> None:
    steps = [
        say("It never comes to an end " * 20, delay=0.3),
        error(401, "invalid x-api-key"),
        say("There are 344 rows."),
    ]
    with Loopback(steps) as model:
        _, panel, _ = site.start(page, "stop", model=model)
        panel.ask("how many rows are there?")
        panel.root.get_by_text("asking").first.wait_for()
        panel.root.locator(".jp-ComprehendNb-writing").get_by_text("It never comes").wait_for()
        panel.button("Stop").click()
        panel.root.get_by_text("stopped; nothing was changed").wait_for()
        assert panel.root.locator(".jp-ComprehendNb-writing").count() == 0
        assert model.wait(lambda: model.aborted, 30), "the request was let go"
        panel.button("Retry").click()
        trouble = panel.root.get_by_role("alert")
        trouble.get_by_text("key").first.wait_for()
        assert "{" not in trouble.inner_text() and "401" not in trouble.inner_text().split("(")[0], "words, not a dump"
        panel.button("Retry").click()
        panel.root.get_by_text("There are 344 rows.").wait_for()
        assert panel.draft.count() == 0, "an answer has nothing to accept"


@pytest.mark.sweep
def test_what_is_asked_while_a_cell_runs_waits_and_says_so(page: Any, site: Site) -> None:
    "A stop before its turn leaves the running cell alone; a cell that fails takes no preview along that waits behind it."
    slow = "import time\nfor i in range(40): time.sleep(0.1)\ndone = 1"
    notebook, panel, _ = site.start(page, "turn", FRAME, slow, slow.replace("done = 1", "raise ValueError"), "")
    notebook.run(0)
    panel.ask()
    panel.draft.wait_for()

    def begin(index: int) -> None:
        notebook.select(index)
        page.keyboard.press("Shift+Enter")
        notebook.until("page.sessionContext.session.kernel.status === 'busy'")

    begin(1)
    panel.ask()
    panel.root.get_by_text("Waits for the cell that is running").first.wait_for()
    panel.button("Stop").click()
    panel.root.get_by_text("called back").wait_for()
    notebook.until("cells[1].count === 2")
    assert "Interrupt" not in notebook.cells[1]["said"]
    panel.row("done").wait_for()
    begin(2)
    panel.button("Preview", panel.draft).click()
    panel.draft.get_by_text("Waits for the cell that is running").wait_for()
    notebook.until("cells[2].said.includes('ValueError') || cells[2].count === 3")
    panel.draft.get_by_text("In a throwaway copy").wait_for()
    assert "+ missing" in panel.draft.inner_text()


def test_what_is_half_typed_and_drafted_outlives_reload_restart_and_death(page: Any, site: Site) -> None:
    notebook, panel, path = site.start(page, "lost", FRAME, "", "import os; os._exit(1)")
    notebook.run(0)
    panel.ask()
    panel.button("Run", panel.draft).click()
    field = panel.draft.locator("textarea").nth(1)
    field.fill("because gaps would pull the means")
    with page.expect_request_finished(lambda r: "workspaces" in r.url and "and then what" in (r.post_data or "")):
        panel.ask_box.fill("and then what")  # JupyterLab writes its database after a pause

    notebook.reload()
    panel.show()
    panel.draft.wait_for()
    assert field.input_value() == "because gaps would pull the means" and panel.ask_box.input_value() == "and then what"
    panel.draft.locator(".jp-ComprehendNb-outputs").get_by_text("bill_length_mm").wait_for()

    notebook.do("kernelmenu:restart")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    panel.button("Load it").click()
    panel.draft.get_by_text("the kernel was restarted").wait_for()
    notebook.run(0)
    panel.button("Run again", panel.draft).click()
    field.wait_for()
    assert field.input_value() == "because gaps would pull the means"

    notebook.select(2)
    page.keyboard.press("Control+Enter")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    panel.button("Load it").click()
    panel.draft.get_by_text("the kernel was restarted").wait_for()
    page.evaluate("() => { void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.reconnect() }")
    panel.draft.wait_for()
    notebook.run(0)
    panel.row("penguins").wait_for()
    notebook.save()
    assert on_disk(path) == [FRAME, "import os; os._exit(1)"]


@pytest.mark.sweep
def test_each_notebook_has_its_own(page: Any, site: Site) -> None:
    "Two notebooks, two kernels, one of them without comprehend-nb; the panel shows the one in front."
    notebook, panel, path = site.start(page, "one", "here = 1", "")
    notebook.run(0)
    panel.row("here").wait_for()
    panel.ask_box.fill("of the first")
    write_notebook(path.with_name("two.ipynb"), "there = 2")
    page.evaluate("() => { void window.jupyterapp.commands.execute('docmanager:open', {path: 'one/nbs/two.ipynb'}) }")
    panel.root.get_by_text("comprehend-nb is not loaded in this kernel.").wait_for()
    panel.button("Load it").click()
    panel.ask_box.wait_for()
    assert panel.ask_box.input_value() == "" and panel.row("here").count() == 0
    page.get_by_role("tab", name="one.ipynb").click()
    panel.row("here").wait_for()
    assert panel.ask_box.input_value() == "of the first"


def test_a_cell_that_moved_on_is_not_replaced(page: Any, site: Site) -> None:
    fixed = "mean = sum([1, 2]) / 2"
    steps = [propose(fixed, "Divide by the number of values.", target="replace_cell")]
    with Loopback(steps) as model:
        notebook, panel, path = site.start(page, "moved", "mean = sum([1, 2]) / 0", "", model=model)
        notebook.run(0)
        panel.ask("repair it")
        panel.draft.locator(".cm-deletedChunk").wait_for()
        assert "in place of" in panel.draft.inner_text()
        panel.button("Run", panel.draft).click()
        panel.draft.locator(".jp-ComprehendNb-explain").wait_for()
        notebook.type(0, "mean = sum([1, 2]) / 0  # mine")
        panel.draft.get_by_text("was edited meanwhile").wait_for()
        panel.explain(
            {
                "what": "average of the two readings",
                "why": "two readings were taken, so half of their total",
                "fails": "a third reading would be divided wrongly",
            }
        )
        panel.root.get_by_text("stands in no cell yet").wait_for()
        assert [c["source"] for c in notebook.cells] == ["mean = sum([1, 2]) / 0  # mine", ""]
        panel.button("Insert d1").click()
        notebook.until(f"cells.some(c => c.source === {json.dumps(fixed)})")
        notebook.save()
        assert on_disk(path) == ["mean = sum([1, 2]) / 0  # mine", fixed]


@pytest.mark.sweep
def test_a_cell_is_replaced_where_it_still_is_what_it_was(page: Any, site: Site) -> None:
    fixed = "mean = sum([1, 2]) / 2"
    with Loopback([propose(fixed, "Divide by the number of values.", target="replace_cell")]) as model:
        notebook, panel, _ = site.start(page, "mended", "mean = sum([1, 2]) / 0", "# below", "", model=model)
        notebook.run(0)
        before = notebook.cells[0]["id"]
        panel.ask("repair it")
        panel.button("Run", panel.draft).click()
        panel.explain(
            {
                "what": "average of the two readings",
                "why": "two readings were taken, so half of their total",
                "fails": "a third reading would be divided wrongly",
            }
        )
        notebook.until(f"cells[0].source === {json.dumps(fixed)}")
        assert [c["source"] for c in notebook.cells] == [fixed, "# below", ""] and notebook.cells[0]["id"] == before


def test_a_kernel_of_another_version_says_so(page: Any, site: Site) -> None:
    notebook, panel, _ = site.start(
        page, "foreign", "import comprehend_nb.panel.desk as d\nd.SOURCES = 10", "d.VERSION += 1"
    )
    notebook.run(0)
    panel.root.get_by_text("too long to mark").wait_for()
    notebook.run(1)
    page.reload()
    said = panel.root.locator(".jp-ComprehendNb-empty")
    said.get_by_text("have different versions of comprehend-nb").wait_for()
    assert "speaks version" in said.inner_text() and "Install the same version on both sides" in said.inner_text()


BOTH_ENDS = """() => {
  const box = document.querySelector('.jp-ComprehendNb-rows');
  const tops = [...box.querySelectorAll('.jp-ComprehendNb-row')].map(r => r.offsetTop);
  const there = y => tops.some(top => top <= y && y < top + 24);
  return box.scrollTop > 0 && there(box.scrollTop + 1) && there(box.scrollTop + box.clientHeight - 1);
}"""


@pytest.mark.sweep
def test_ten_thousand_names(page: Any, site: Site) -> None:
    notebook, panel, _ = site.start(page, "many", "for i in range(10_000): globals()[f'v{i:05}'] = i", "")
    notebook.run(0)
    panel.root.get_by_text("10,00").wait_for()
    assert panel.root.locator(".jp-ComprehendNb-row").count() < 100, "only what is seen is there"
    names = panel.root.locator(".jp-ComprehendNb-rows")
    names.hover()
    for _ in range(12):  # as a wheel goes: a row is always there, and never all of them
        page.mouse.wheel(0, 1200)
        page.wait_for_function(BOTH_ENDS)
        assert panel.root.locator(".jp-ComprehendNb-row").count() < 100
    names.evaluate("e => { e.scrollTop = 24 * 7000 }")
    panel.root.locator(".jp-ComprehendNb-row", has_text="v07003").wait_for()
    panel.root.get_by_role("searchbox", name="Filter names").fill("v09999")
    panel.row("v09999").wait_for()
    panel.button("v09999").click()
    panel.root.locator(".jp-ComprehendNb-full").get_by_text("9999").wait_for()
    panel.row("v09999").hover()
    panel.button("Hide v09999").click()
    panel.button("Show v09999").wait_for()
    assert "hidden" in panel.row("v09999").inner_text()


@pytest.mark.sweep
def test_export_says_what_it_refuses_and_then_exports(page: Any, site: Site) -> None:
    source = "#| export\ndef heavier(frame, than=4500):\n    known = frame.dropna(subset=['body_mass_g'])\n    return known[known.body_mass_g > than]"
    notebook, panel, path = site.start(page, "heavier", "#| default_exp heavier", source)
    notebook.run(0)
    notebook.run(1)
    standing(page, 1, "executed")
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Export").click()
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_text("heavier: nobody has explained it").wait_for()
    dialog.get_by_role("button", name="Close").click()
    assert not (path.parents[1] / "birds" / "heavier.py").exists()
    mark(page, 1).click()
    cell = panel.root.locator(".jp-mod-cell")
    panel.explain(
        {
            "what": "keeps the birds above a weight, without those that were never weighed",
            "why": "an unweighed bird would drop out unseen in the comparison anyway, so it goes first and by name",
            "fails": "a table with the weights under another heading raises KeyError",
        },
        cell,
    )
    standing(page, 1, "explained")
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Export").click()
    panel.root.get_by_text("written: birds/heavier.py").wait_for()
    assert "def heavier" in (path.parents[1] / "birds" / "heavier.py").read_text()
