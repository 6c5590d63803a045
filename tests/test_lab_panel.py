"The panel as a person meets it: JupyterLab in a browser, the mouse, the keys, and what the notebook on disk holds."

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernel_support import ledger_text, make_project
from lab_support import FRAME, Notebook, Panel, chrome, lab, needs_the_panel, new_page, write_notebook

pytestmark = [*needs_the_panel, pytest.mark.slow]
WORDS = {
    "what": "share of birds whose mass was not recorded",
    "why": "a species with many gaps would pull the comparison of masses",
    "fails": "a gap written as the word unknown would not be counted",
}
POOR = dict.fromkeys(WORDS, "it works")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    "A server with the embedded rules; its address and the project."
    place = tmp_path_factory.mktemp("site")
    project = make_project(place / "p")
    with lab(project, place / "own") as url:
        yield url, project


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chrome() as found:
        yield found


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = new_page(browser)
    yield page
    faults = page.faults
    page.context.close()
    assert faults == [], "something went wrong in the page"


def on_disk(path: Path) -> list[str]:
    return [c.source for c in nbformat.read(path, as_version=4).cells if c.source]


def start(page: Any, site: tuple[str, Path], name: str, *sources: str) -> tuple[Notebook, Panel, Path]:
    "A new notebook, opened, with the panel beside it and comprehend-nb loaded."
    url, project = site
    path = project / "nbs" / name
    write_notebook(path, *(sources or (FRAME, "")))
    notebook = Notebook(page, url, f"nbs/{name}")
    return notebook, Panel(page).load(), path


def mark(page: Any, index: int) -> Any:
    return page.locator(".jp-Notebook-cell").nth(index).locator("> .jp-ComprehendNb-mark")


def standing(page: Any, index: int, label: str) -> None:
    "Wait until the cell's mark says so."
    page.locator(".jp-Notebook-cell").nth(index).locator(f"> .jp-ComprehendNb-mark.jp-mod-{label}").wait_for()


def test_the_loop_by_mouse(page: Any, site: tuple[str, Path]) -> None:
    notebook, panel, path = start(page, site, "mouse.ipynb")
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
    assert accepted["source"].startswith(code) and "bill_length_mm" in accepted["said"], "in the blank cell it was asked from, with its output"
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex") == 1, "and selected"
    standing(page, 1, "explained")
    assert panel.draft.count() == 0 and "stands in no cell" not in panel.text
    notebook.save()
    assert on_disk(path) == [FRAME, accepted["source"]]
    assert ledger_text(site[1]).count('"kind":"explained"') == 1

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
