"The report's page in a real browser, light and dark, on a project of 3 notebooks and one of 300."

from pathlib import Path

import pytest
from export_support import BOB, Lab
from lab_support import needs_a_browser

from comprehend_nb.report.page import page
from comprehend_nb.report.team import report
from comprehend_nb.report.words import DEFINITIONS

pytestmark = needs_a_browser
AXE = Path(__file__).parents[1] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = """async () => (await axe.run()).violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => [v.id, v.nodes[0].html.slice(0, 200)])"""
FADED = "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: #888; background: #999\">faint words</p>')"
QUESTIONS = [
    "What would we lose if one person left?",
    "What changed that nobody has explained since?",
    "What should be explained next?",
]


def made(root, notebooks):
    "So many notebooks, half of them explained; a rate and a total were changed since."
    lab = Lab(root).sample()
    for n in range(notebooks - 2):
        lab.write(
            f"1{n:03}_m",
            f"# m{n}\n\n> M.",
            f"#| default_exp m{n}",
            f"#| export\ndef f{n}(x):\n    y = x + {n}\n    return y",
        )
    lab.commit()
    lab.understand(["RATE", "gross", "total"]).understand([f"f{n}" for n in range(0, notebooks, 2)], person=BOB)
    lab.record("checked", only=["f0"], person=BOB, verdict="passed")
    lab.edit("nbs/00_core.ipynb", "RATE = 7", "RATE = 9")
    lab.edit("nbs/01_till.ipynb", "sum(map(gross, nets))", "sum(map(gross, list(nets)))")
    return report(lab.project)


@pytest.mark.parametrize("notebooks", [3, 300])
def test_three_answers_above_the_fold_light_and_dark(tmp_path, browser, notebooks, monkeypatch):
    "A definition is one click away; nothing is loaded, nothing runs off the side, and axe finds nothing serious."
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = made(tmp_path / "p", notebooks)
    assert len(found.notebooks) == notebooks
    file = tmp_path / "page.html"
    file.write_text(page(found), encoding="utf-8")
    grounds = set()
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}, bypass_csp=True)
        shown, asked = context.new_page(), []
        shown.on("request", lambda request, asked=asked: asked.append(request.url))
        shown.goto(file.as_uri())
        cards = shown.locator("article")
        assert cards.locator("h2").all_inner_texts() == QUESTIONS
        boxes = [card.bounding_box() for card in cards.all()]
        assert all(b["x"] >= 0 and b["x"] + b["width"] <= 1280 and b["y"] + b["height"] <= 900 for b in boxes), boxes
        assert "f0" in cards.nth(0).inner_text()
        changed = cards.nth(1).inner_text()
        assert (
            "RATE was changed; 1 unit rests on it (gross)" in changed and "total edited (last committed 20" in changed
        )
        assert "min" in cards.nth(2).locator(".figure").inner_text()
        cards.first.locator(".def").click()
        assert shown.locator("[popover]:popover-open").inner_text().endswith(DEFINITIONS["one leaves"])
        shown.keyboard.press("Escape")
        shown.locator("table.groups details > summary").first.click()
        assert "can explain it" in shown.locator("table.groups details[open] > ul > li").first.inner_text()
        for width in (1280, 400):
            shown.set_viewport_size({"width": width, "height": 900})
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
        grounds.add(shown.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert asked == [file.as_uri()], "the page loads nothing"
        if AXE.is_file() and notebooks == 3:  # the other page is of the same parts
            shown.evaluate(AXE.read_text())
            assert shown.evaluate(SERIOUS) == []
            shown.evaluate(FADED)
            assert [v[0] for v in shown.evaluate(SERIOUS)] == ["color-contrast"], "it does find what is wrong"
        context.close()
    assert len(grounds) == 2, "dark where the person has it dark"
