"""The loop as a person walks it: JupyterLab in a browser, keys pressed, and what the saved notebook holds."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from kernel_support import ledger_text, make_project
from lab_support import FRAME, Notebook, browsing, lab, needs_a_browser, write_notebook
from loopback import Loopback, propose, say

pytestmark = needs_a_browser
CODE = "missing = penguins.isna().sum()\nmissing.sort_values(ascending=False)"
WORDS = (
    "%%ai_explain d1\nwhat: lists how many measurements each column lacks, worst first\n"
    "why: sex has most gaps, so means by sex would silently drop birds\n"
    "fails: a gap written as the word unknown would not be counted"
)


@pytest.mark.slow
def test_loop_in_jupyterlab(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    path = project / "nbs" / "birds.ipynb"
    write_notebook(path, "%load_ext comprehend_nb", FRAME, "%%ai")
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
