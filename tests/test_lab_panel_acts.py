"What a person does in the panel beyond the loop: choosing among drafts, trying, predicting, being asked, reporting, setting."

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lab_support import FRAME, Notebook, Panel, Site, needs_the_panel
from loopback import Loopback, propose
from panel_support import Panel as Stranger
from panel_support import Refused

pytestmark = needs_the_panel
RISKY = """import shutil, subprocess
import pandas as pd
far = pd.read_json("https://data.example/birds.json")
subprocess.run(["ls"])
shutil.rmtree("old")
far.to_csv("birds.csv")"""
LIGHT = "light = penguins[penguins.body_mass_g < 2800]\nlight"
MINE = "light = penguins[penguins.body_mass_g < 2900]\nlight"
DRAWN = """import matplotlib.pyplot as plt
kinds = penguins.species.unique()
names.append("Papua")
count = float(count)
del spare
plt.plot([1, 2, 3])"""
WORDS = {
    "what": "keeps the birds under 2900 grams",
    "why": "the lightest ones are looked at by hand afterwards",
    "fails": "a bird that was never weighed drops out unseen",
}


def standing(page: Any, index: int, label: str) -> Any:
    "The cell's mark, once it says so."
    found = page.locator(".jp-Notebook-cell").nth(index).locator(f"> .jp-ComprehendNb-mark.jp-mod-{label}")
    found.wait_for()
    return found


def changed(panel: Panel, *starts: str) -> None:
    "Wait until the draft's outcome says all of this."
    said = panel.draft.get_by_role("list", name="What it changed").locator("li")
    for start in starts:
        said.filter(has_text=re.compile(rf"^{re.escape(start)}\b")).wait_for()


def heads_are_whole(table: Any) -> bool:
    "Are the columns as wide as their names? A narrow panel scrolls; it breaks no word into letters."
    return bool(table.evaluate("t => [...t.querySelectorAll('thead th')].every(h => h.offsetHeight < 40)"))


def test_drafts_are_compared_edited_rejected_and_tried(page: Any, site: Site) -> None:
    steps = [
        propose(RISKY, "Fetch more birds."),
        propose(LIGHT, "Keep the light ones."),
        propose(DRAWN, "Draw a line."),
    ]
    with Loopback(steps) as model:
        names = "import matplotlib.pyplot\nnames, count, spare = ['Adelie'], 3, 0"
        notebook, panel, _ = site.start(page, "drafts", FRAME, names, "", model=model)
        notebook.run(0)
        notebook.run(1)
        notebook.select(2)
        panel.ask("fetch more")
        panel.draft.get_by_text("Fetch more birds.").wait_for()
        for risk in (
            "network: https://data",
            "starts programs: subprocess",
            "deletes: shutil.rmtree",
            "files: .to_csv",
        ):
            panel.draft.get_by_text(risk).wait_for()
        panel.ask("keep the light ones")
        panel.draft.get_by_text("Keep the light ones.").wait_for()
        assert not any(word in panel.draft.inner_text() for word in ("network:", "deletes:", "files:", "programs:"))

        queue = panel.root.get_by_role("group", name="Drafts")
        assert queue.locator("button").all_inner_texts() == ["d1", "d2"]
        panel.button("d1", queue).click()
        panel.draft.get_by_text("Fetch more birds.").wait_for()
        panel.button("Reject", panel.draft).click()
        panel.draft.get_by_text("Keep the light ones.").wait_for()
        assert queue.count() == 0, "one is left"

        panel.button("Edit", panel.draft).click()
        code = panel.draft.locator(".cm-content[contenteditable=true]")
        code.click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(MINE)
        panel.button("Keep my version", panel.draft).click()
        panel.draft.get_by_text("edited by you").wait_for()
        assert "2900" in panel.draft.inner_text() and "2800" not in panel.draft.inner_text()

        panel.button("Preview", panel.draft).click()
        shown = panel.draft.get_by_role("region", name="What the preview showed").locator("table")
        shown.wait_for()
        assert "2850" in shown.inner_text() and heads_are_whole(shown)
        panel.button("Run", panel.draft).click()
        table = panel.draft.locator(".jp-ComprehendNb-outputs .jp-RenderedHTMLCommon table.dataframe")
        table.wait_for()
        assert heads_are_whole(table)
        changed(panel, "+ light")
        panel.explain(WORDS)
        notebook.until(f"cells.some(c => c.source === {json.dumps(MINE)})")

        panel.ask("draw")
        panel.draft.get_by_text("Draw a line.").wait_for()
        for button in ("Preview", "Run"):
            panel.button(button, panel.draft).click()
            if button == "Preview":
                drawn = panel.draft.get_by_alt_text("What the preview drew")
            else:
                drawn = panel.draft.locator(".jp-ComprehendNb-outputs img")
            drawn.wait_for()
            assert drawn.evaluate("e => e.decode().then(() => e.naturalWidth)") > 100
            changed(panel, "+ kinds", "~ names", "~ count", "- spare")


def answer(notebook: Notebook) -> str:
    "What the person would have to say: looked up in the kernel, which never shows it."
    waiting = "__import__('comprehend_nb.session.quiz', fromlist=['_'])._pending[get_ipython()._comprehend_nb.session]"
    return str(ast.literal_eval(notebook.value(f"[w.item.value for w in {waiting}.values() if w.item][-1]")))


def test_a_prediction_and_the_questions_one_at_a_time_up_to_verified(page: Any, site: Site) -> None:
    with Loopback([propose(LIGHT, "Keep the light ones.")]) as model:
        notebook, panel, _ = site.start(page, "asked", FRAME, "", model=model)
        notebook.run(0)
        panel.ask("keep the light ones")
        check = panel.draft.get_by_role("form", name="Check of d1")
        panel.button("Predict", check).click()
        box = check.get_by_role("textbox", name="Your answer")
        box.wait_for()
        assert panel.row("light").count() == 0, "asked before it runs"
        box.fill("surely not this")
        page.keyboard.press("Enter")
        check.get_by_text("not so").wait_for()
        assert box.count() == 0, "one question at a time"
        panel.button("Run", panel.draft).click()
        panel.explain(WORDS)
        standing(page, 1, "explained").click()
        check = panel.root.locator(".jp-mod-cell").get_by_role("form", name="Check of")
        panel.button("Check me", check).click()
        check.get_by_text("the next question about light comes in").wait_for()
        notebook.execute("import comprehend_nb.session.quiz as q; q.PAUSE = 0")
        panel.button("Check me", check).click()
        box = check.get_by_role("textbox", name="Your answer")
        box.wait_for()
        box.fill(answer(notebook))
        panel.button("Answer", check).click()
        check.get_by_text("✓ right: light has passed a check").wait_for()
        standing(page, 1, "verified")


SECRET = "api_key = 'sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789'"


@contextmanager
def attached(site: Site) -> Iterator[Any]:
    "A client of the newest kernel there, as any program of this account can make one."
    from jupyter_client import BlockingKernelClient

    files = (site.root.parent / "own" / "run").glob("kernel-*.json")
    client = BlockingKernelClient()
    client.load_connection_file(str(max(files, key=lambda p: p.stat().st_mtime_ns)))
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield client
    finally:
        client.stop_channels()


WITHOUT_STICKING = """e => {
  e.style.position = 'static';
  const { top } = e.getBoundingClientRect();
  e.style.position = '';
  return top;
}"""
PRICED = "[prices.claude-sonnet-5-5]\ninput = 1.0\noutput = 5.0\n"


def test_what_is_sent_is_seen_before_and_who_only_attached_is_refused(page: Any, site: Site, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(PRICED)
    with Loopback([propose(LIGHT, "Keep the light ones.")]) as model:
        path = site.write("seen", f"{FRAME}\n{SECRET}\ncount = 1", "count = 2", "")
        notebook, panel = site.open(page, path, model), Panel(page)
        notebook.execute(f"os.environ['COMPREHEND_NB_CONFIG'] = {str(tmp_path / 'config.toml')!r}")
        panel.load()
        notebook.run(0)
        panel.row("api_key").get_by_text("◼").wait_for()
        assert "abcdefghij" not in panel.text
        notebook.select(2)
        panel.ask_box.fill("keep the light ones")
        panel.root.locator(".jp-ComprehendNb-cost", has_text=re.compile(r"tokens, at most \$\d")).wait_for()
        panel.button("Ask").click()
        panel.draft.wait_for()
        marked = ".jp-ComprehendNb-dot.jp-mod-changed, .jp-ComprehendNb-dot.jp-mod-rebound"
        assert panel.row("count").locator(marked).count() == 0
        notebook.run(1)
        panel.row("count").locator(marked).wait_for()
        assert panel.row("penguins").locator(marked).count() == 0

        for press, then in (("Hide count", "Show count"), ("Show count", "Hide count")):
            panel.row("count").hover()
            panel.button(press).click()
            panel.button(then).wait_for(state="attached")

        assert "was refused" not in panel.text
        with attached(site) as client:
            stranger = Stranger(client)
            assert stranger.ask("rows")["rows"], "looking is free"
            for act in ({"do": "run", "draft": "d1", "shown": LIGHT}, {"do": "<img src=x>"}):
                with pytest.raises(Refused) as no:
                    stranger.ask("ticket", capability="guess", act=act)
                assert no.value.kind == "capability"
        assert panel.row("light").count() == 0
        notebook.run(1)
        said = panel.root.get_by_role("alert").filter(has_text="and was refused")
        said.wait_for()
        assert "something unknown" in said.inner_text() and "img" not in said.inner_text()
        page.set_viewport_size({"width": 1280, "height": 600})
        assert panel.root.evaluate("e => { e.scrollTop = e.scrollHeight; return e.scrollTop }") > 100
        page.wait_for_function("e => e.getBoundingClientRect().top > 0", arg=said.element_handle())
        assert said.evaluate(WITHOUT_STICKING) < 0, "or it would be out of sight"
        panel.button("Seen", said).click()
        said.wait_for(state="detached")


def palette(page: Any) -> Any:
    page.keyboard.press("Control+Shift+C")
    page.locator(".lm-CommandPalette-input:focus").wait_for()
    return page.locator(".lm-CommandPalette-item[data-command^='comprehend-nb:']")


def from_palette(page: Any, label: str) -> None:
    items = palette(page)
    page.keyboard.insert_text(label)
    items.filter(has_text=label).first.wait_for()
    page.keyboard.press("Enter")


def test_commands_settings_tooltips_and_the_report(page: Any, site: Site) -> None:
    notebook, panel, _ = site.start(page, "commands")
    notebook.run(0)
    panel.ask()
    panel.draft.wait_for()
    items = palette(page)
    page.keyboard.insert_text("comprehension")
    items.nth(1).wait_for()
    offered = {i.get_attribute("data-command") for i in items.all()}
    known = page.evaluate("() => jupyterapp.commands.listCommands().filter(c => c.startsWith('comprehend-nb:'))")
    assert offered == set(known) and len(known) > 10
    page.keyboard.press("Escape")
    for label, focused in (
        ("Ask for a Cell", ".jp-ComprehendNb-ask"),
        ("Filter the Live State", ".jp-ComprehendNb-filter"),
        ("Standing of This Notebook", ".jp-mod-report summary"),
    ):
        from_palette(page, label)
        page.locator(f"{focused}:focus").wait_for()
    from_palette(page, "Preview the Draft")
    panel.draft.get_by_text("In a throwaway copy").wait_for()
    from_palette(page, "Edit the Draft")
    panel.button("Undo", panel.draft).click()
    notebook.select(0)
    from_palette(page, "Explanations of the Selected Cell")
    panel.root.locator(".jp-mod-cell").wait_for()
    bare = panel.root.locator("button.jp-ComprehendNb-button:not([title])").all_inner_texts()
    assert not bare and panel.root.locator("button.jp-ComprehendNb-button").count() > 5
    from_palette(page, "Reject the Draft")
    panel.draft.wait_for(state="detached")

    panel.button("Report on the project").click()
    figures = panel.root.locator(".jp-ComprehendNb-figures > div")
    figures.filter(has_text="bus factor").get_by_text("0 verified, 0 explained").wait_for()
    figures.filter(has_text="rejected").get_by_text("100 % of 1").wait_for()
    assert all(figure.get_attribute("title") for figure in figures.all()), "its definition is there"

    standing(page, 0, "executed")
    page.evaluate("() => { void jupyterapp.commands.execute('settingeditor:open', {query: 'Comprehension'}) }")
    box = page.get_by_label("Marks beside cells")
    box.wait_for()
    box.uncheck()
    page.locator(".jp-Notebook-cell > .jp-ComprehendNb-mark").wait_for(state="detached")
    box.check()
    page.locator(".jp-Notebook-cell > .jp-ComprehendNb-mark").first.wait_for(state="attached")


def test_after_a_reconnect_the_state_is_asked_for_and_nothing_is_replayed(page: Any, site: Site) -> None:
    away, lines, sent = False, [], []

    def between(line: Any) -> None:
        if away:
            line.close(code=4000)
            return
        server = line.connect_to_server()
        lines.append(line)
        line.on_message(lambda message: (sent.append(message), server.send(message)))

    page.route_web_socket("**/channels?*", between)
    notebook, panel, _ = site.start(page, "cut", f"{FRAME}\nlate = 40", "")
    notebook.run(0)
    panel.ask()
    panel.button("Run", panel.draft).click()
    panel.row("missing").wait_for()
    field = panel.draft.locator("textarea").first
    field.fill("how many values are missing")
    away = True
    lines[-1].close(code=4000)
    panel.root.get_by_text("The kernel is away").wait_for()
    with attached(site) as client:
        client.execute("late = 41", reply=True, timeout=60)
    away, sent[:] = False, []
    panel.row("late").get_by_text("= 41").wait_for()
    assert field.input_value() == "how many values are missing"
    words = [m if isinstance(m, str) else m.decode("latin-1") for m in sent]
    assert any("comprehend_nb.ask" in w for w in words), "asked anew"
    assert not any("execute_request" in w for w in words), "nothing is done twice"
