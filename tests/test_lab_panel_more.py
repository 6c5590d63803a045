"The panel where others meddle: hostile text, another front end, another person in the notebook, and what a person cannot see."

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from kernel_support import make_project
from lab_support import FRAME, Notebook, Panel, Site, lab, needs_the_panel, new_page, write_notebook
from loopback import Loopback, error, propose, say

pytestmark = [*needs_the_panel, pytest.mark.slow]
AXE = Path(__file__).parents[1] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
WORDS = {
    "what": "share of birds whose mass was not recorded",
    "why": "a species with many gaps would pull the comparison of masses",
    "fails": "a gap written as the word unknown would not be counted",
}


@contextmanager
def counter() -> Iterator[tuple[str, list[str]]]:
    "An address, and every request that came to it."
    hits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_HEAD = do_OPTIONS = do_GET

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", hits
    finally:
        server.shutdown()
        server.server_close()


def arrives(page: Any, url: str, hits: list[str], name: str) -> None:
    "A request that we make ourselves, and its arrival: what was on its way before has come by then."
    page.evaluate(
        "u => new Promise(r => { const i = new Image(); i.onerror = i.onload = r; i.src = u })", f"{url}/{name}"
    )
    assert f"/{name}" in hits


def payloads(url: str) -> list[str]:
    made = [
        "<img src='{u}'>", "<img src=x onerror=\"fetch('{u}')\">", "<video src='{u}' autoplay></video>", "<audio src='{u}' autoplay></audio>",
        "<svg><image href='{u}'/></svg>", "<svg onload=\"fetch('{u}')\"></svg>", "<style>@import '{u}';</style>", "<link rel=stylesheet href='{u}'>",
        "<link rel=preload as=image href='{u}'>", "<iframe src='{u}'></iframe>", "<object data='{u}'></object>", "<embed src='{u}'>",
        "<div style=\"background:url('{u}')\">x</div>", "<script>fetch('{u}')</script>", "<script src='{u}'></script>", "<input type=image src='{u}'>",
        "<meta http-equiv=refresh content='0;url={u}'>", "<base href='{u}'>", "<body background='{u}'>", "<picture><source srcset='{u}'><img></picture>",
        "<details open ontoggle=\"fetch('{u}')\">x</details>", "![x]({u})", "[![x]({u})]({u})", "<a href='{u}' ping='{u}'>x</a>", "$$\\href{{{u}}}{{x}}$$",
        "<button data-commandlinker-command='evil:hit' data-commandlinker-args='{{}}'>x</button>", "\u202eexe.{u}\u2066", "\x1b]8;;{u}\x07x\x1b]8;;\x07",
        "<a href=\"javascript:fetch('{u}')\">x</a>", "<form action='{u}'><button autofocus onfocus=\"fetch('{u}')\">x</button></form>",
    ]  # fmt: skip
    return [m.format(u=f"{url}/{i}") for i, m in enumerate(made)]


def test_hostile_text_loads_nothing_and_runs_nothing(browser: Any, site: Site) -> None:
    page = new_page(browser)
    with counter() as (url, hits):
        bad = payloads(url)
        assert len(bad) >= 20
        every = " ".join(bad).replace("\x1b", "").replace("\x07", "")
        data = (
            "bad = "
            + repr(bad)
            + "\nframe = {b: b for b in bad}\n"
            + "\n".join(f"v{i} = {b!r}" for i, b in enumerate(bad))
        )
        shows = "from IPython.display import HTML, Markdown, SVG, display\nfor b in bad: display(HTML(b), Markdown(b))\nHTML('<table><tr><td>a</td></tr><tr><td>' + bad[0] + '</td></tr></table>')"
        steps = [
            say(every, delay=0.01),
            propose(shows, every[:200], every[:200]),
            propose(f"text = {bad[0]!r}", bad[1], bad[2]),
            error(400, every),
        ]
        with Loopback(steps) as model:
            notebook = site.open(page, site.write("bad", data, "", f"raise ValueError({every!r})"), model)
            page.evaluate(
                "() => { window.evil = 0; window.jupyterapp.commands.addCommand('evil:hit', {execute: () => { window.evil += 1 }}) }"
            )
            panel = Panel(page).load()
            notebook.run(0)
            panel.row("v0").wait_for()
            for name in ("bad", "frame", "v3", "v26"):
                panel.root.get_by_role("searchbox", name="Filter names").fill(name)
                panel.button(name).click()
                panel.root.locator(".jp-ComprehendNb-full").wait_for()
            panel.ask("what is bad?")
            panel.root.get_by_text("<iframe").first.wait_for()
            panel.ask("show it")
            panel.draft.wait_for()
            panel.button("Preview", panel.draft).click()
            panel.draft.locator(".jp-ComprehendNb-preview").wait_for()
            panel.ask("another")
            panel.root.get_by_role("button", name="d2", exact=True).wait_for()
            panel.ask("fail")
            panel.root.get_by_role("alert").wait_for()
            arrives(page, url, hits, "after-all-that")
            inside = panel.root.evaluate(
                "e => [...e.querySelectorAll('a, img:not([src^=\"data:\"]), iframe, script, video, audio, object, embed, link, meta, base, form[action], [data-commandlinker-command], [style*=url]')].map(n => n.outerHTML)"
            )
            shown = panel.text
            evil = page.evaluate("() => window.evil")
        ours = list(hits)
        page.set_content("".join(bad), wait_until="commit")
        until = time.monotonic() + 60
        while len(hits) < 7 and time.monotonic() < until:
            page.wait_for_timeout(50)
        assert len(hits) >= 7, "the same text as HTML does call"
    assert ours == ["/after-all-that"] and evil == 0
    assert inside == []
    assert not any(c in shown for c in "\u202e\u2066\x1b\x07"), "what turns text round or hides in it is out"
    page.context.close()


def test_nothing_serious_for_who_cannot_see(browser: Any, site: Site) -> None:
    "axe finds nothing serious in the panel, with a draft that ran, explanations begun and a cell looked at."
    if not AXE.is_file():
        pytest.skip("axe-core is not here: jlpm install in labextension/")
    page = new_page(browser)
    notebook, panel, _ = site.start(page, "axe")
    notebook.run(0)
    panel.ask()
    panel.button("Run", panel.draft).click()
    panel.draft.locator("textarea").first.fill("works")
    panel.draft.locator("textarea").nth(1).focus()
    panel.draft.locator(".jp-ComprehendNb-reason").wait_for()
    page.locator(".jp-Notebook-cell > .jp-ComprehendNb-mark").first.click()
    panel.root.locator(".jp-mod-cell").wait_for()
    page.add_script_tag(content=AXE.read_text())
    found = []
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
        page.wait_for_function("() => !document.getAnimations().length")  # colours that are on their way
        found += page.evaluate(
            "async () => [...(await axe.run('#comprehend-nb-panel')).violations, ...(await axe.run('.jp-ComprehendNb-mark')).violations]"
        )
    page.locator("#comprehend-nb-panel").evaluate("e => { e.innerHTML += '<img src=\"data:,\"><button></button>' }")
    seen = page.evaluate("async () => (await axe.run('#comprehend-nb-panel')).violations.map(v => v.id)")
    assert {"image-alt", "button-name"} <= set(seen), "it does find what is wrong"
    page.context.close()
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [
        (v["id"], [n["html"][:200] + " " + n["failureSummary"][:300] for n in v["nodes"]][:3]) for v in serious
    ] == []


@pytest.mark.sweep
def test_the_loop_in_notebook_7(browser: Any, tmp_path: Path) -> None:
    page, project = new_page(browser, 1500), make_project(tmp_path / "p")
    write_notebook(project / "nbs" / "seven.ipynb", FRAME, "")
    with lab(project, tmp_path / "own", app="notebook") as url:
        notebook = Notebook(page, url, "nbs/seven.ipynb", at="notebooks")
        panel = Panel(page).load()
        notebook.run(0)
        panel.ask()
        panel.button("Run", panel.draft).click()
        panel.explain(WORDS)
        notebook.until("cells[1].source")
        assert "isna" in notebook.cells[1]["source"] and "bill_length_mm" in notebook.cells[1]["said"]
        page.locator(".jp-Notebook-cell").nth(1).locator("> .jp-ComprehendNb-mark.jp-mod-explained").wait_for()
    assert [f for f in page.faults if "comprehend-nb" in f] == [], (
        "Notebook has a fault of its own here, with and without the panel"
    )
    page.context.close()


def stored(place: Path, pattern: str) -> str:
    "All that these files hold: notebooks, or the store of the collaboration."
    return "".join(p.read_bytes().decode("latin-1") for p in place.rglob(pattern) if p.is_file())


@pytest.mark.sweep
def test_two_people_in_one_notebook(browser: Any, tmp_path: Path) -> None:
    "Real-time collaboration: a draft is no cell of the shared document, it is inserted once, and the other person's panel follows."
    project = make_project(tmp_path / "p")
    path = project / "nbs" / "shared.ipynb"
    write_notebook(path, FRAME, "")
    with lab(project, tmp_path / "own", together=True) as url:
        one, two = new_page(browser), new_page(browser)
        first = Notebook(one, url, "nbs/shared.ipynb")
        panel = Panel(one).load()
        first.run(0)
        second = Notebook(two, url, "nbs/shared.ipynb")
        other = Panel(two).show()
        other.row("penguins").wait_for()
        panel.ask()
        panel.draft.wait_for()
        other.draft.wait_for()
        code = first.page.evaluate("() => 1") and panel.draft.locator(".cm-content").inner_text()
        assert [c["source"] for c in second.cells] == [FRAME, ""]
        second.type(1, "later = 'than the draft'")
        first.save()
        until = time.monotonic() + 60
        while not all("than the draft" in kept for kept in (stored(tmp_path, "*.ipynb"), stored(tmp_path, "*ystore*"))):
            assert time.monotonic() < until, "what is typed reaches the disk and the store"
            two.wait_for_timeout(100)
        written = stored(tmp_path, "*.ipynb") + stored(tmp_path, "*ystore*")
        second.type(1, "")
        assert "penguins.isna()" in code and "penguins.isna()" not in written, (
            "neither on disk nor in the collaboration store"
        )
        panel.button("Run", panel.draft).click()
        panel.explain(WORDS)
        first.until("cells[1].source")
        second.until("cells[1].source")
        other.root.get_by_text("No open draft").wait_for()
        assert [c["source"] for c in second.cells].count(first.cells[1]["source"]) == 1
        two.locator(".jp-Notebook-cell").nth(1).locator("> .jp-ComprehendNb-mark.jp-mod-explained").wait_for()
        faults = one.faults + two.faults
        one.context.close()
        two.context.close()
    assert faults == []
    assert json.loads(path.read_text())["cells"]


def without_node(folder: Path) -> str:
    "A search path with everything that is there, except Node."
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            if (
                program.name not in ("node", "nodejs", "npm", "npx", "yarn", "corepack")
                and not (folder / program.name).exists()
            ):
                (folder / program.name).symlink_to(program)
    return str(folder)


def the_loop_of_the_wheel(browser: Any, tmp_path: Path, python: str, environ: dict[str, str]) -> None:
    "One draft, run and explained, in a JupyterLab of that Python."
    page, project = new_page(browser), make_project(tmp_path / "p")
    write_notebook(project / "nbs" / "clean.ipynb", FRAME, "import comprehend_nb\nprint(comprehend_nb.__file__)", "")
    with lab(project, tmp_path / "own", environ | {"PYTHONPATH": ""}, python=python) as url:
        notebook, panel = Notebook(page, url, "nbs/clean.ipynb"), Panel(page).load()
        assert str(tmp_path / "venv") in notebook.run(1), "the installed one"
        notebook.run(0)
        panel.ask()
        panel.button("Run", panel.draft).click()
        panel.explain(WORDS)
        notebook.until("cells.some(c => c.source.includes('isna'))")
    page.context.close()


def wheel_built(tmp_path: Path, environ: dict[str, str], *more: str) -> Path:
    assert shutil.which("node", path=environ["PATH"]) is None
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            *more,
            "-w",
            str(tmp_path / "wheels"),
            str(Path(__file__).parents[1]),
        ],
        env=environ,
        check=True,
    )
    return next((tmp_path / "wheels").glob("comprehend_nb-*.whl"))


def hidden_node(tmp_path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return kept | {"PATH": without_node(tmp_path / "bin"), "CI": "true", "COMPREHEND_NB_PANEL": "require"}


def test_the_wheel_beside_what_it_needs_without_node(browser: Any, tmp_path: Path) -> None:
    "The built wheel in an environment of its own; what it depends on is lent by this one, so that it takes seconds."
    environ = hidden_node(tmp_path)
    wheel = wheel_built(tmp_path, environ, "--no-build-isolation")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], env=environ, check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", str(wheel)],
        env=environ,
        check=True,
    )
    lent = sysconfig.get_paths()["purelib"]
    own = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    (Path(own) / "lent.pth").write_text(f"{lent}\n")
    the_loop_of_the_wheel(
        browser,
        tmp_path,
        python,
        {"PATH": environ["PATH"], "JUPYTERLAB_DIR": str(Path(sys.prefix) / "share" / "jupyter" / "lab")},
    )


@pytest.mark.sweep
@pytest.mark.timeout(1200)
def test_the_wheel_in_a_clean_environment_without_node(browser: Any, tmp_path: Path) -> None:
    environ = hidden_node(tmp_path)
    wheel = wheel_built(tmp_path, environ)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], env=environ, check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", f"{wheel}[demo]"], env=environ, check=True)
    the_loop_of_the_wheel(browser, tmp_path, python, {"PATH": environ["PATH"]})
