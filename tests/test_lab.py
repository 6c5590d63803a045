"""The loop as a person walks it: JupyterLab in a browser, keys pressed, and what the saved notebook holds."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from kernel_support import ledger_text
from lab_support import FRAME, Site, needs_a_browser
from loopback import Loopback, propose, say

pytestmark = needs_a_browser
CODE = "missing = penguins.isna().sum()\nmissing.sort_values(ascending=False)"
WORDS = (
    "%%ai_explain d1\nwhat: lists how many measurements each column lacks, worst first\n"
    "why: sex has most gaps, so means by sex would silently drop birds\n"
    "fails: a gap written as the word unknown would not be counted"
)


@pytest.mark.slow
def test_loop_in_jupyterlab(page: Any, site: Site) -> None:
    with Loopback([propose(CODE), say("It holds 344 rows.")]) as server:
        model = f"%env ANTHROPIC_BASE_URL={server.url}\n%env COMPREHEND_NB_API_KEY=local-key"
        path = site.write("birds", f"{model}\n%load_ext comprehend_nb", FRAME, "%%ai")
        nb = site.open(page, path)
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
    assert ledger_text(path.parents[1]).count('"kind":"explained"') == 1
