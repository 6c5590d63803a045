"""No test sees the settings, keys, identity or Jupyter of whoever runs it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

PERSONAL = ("ANTHROPIC_", "COMPREHEND_NB_", "GIT_", "JUPYTERHUB_", "XDG_")
FOLDERS = {
    "XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state", "XDG_DATA_HOME": "share", "XDG_CACHE_HOME": "cache",
    "JUPYTER_CONFIG_DIR": "jupyter", "JUPYTER_DATA_DIR": "jupyter-data", "JUPYTER_RUNTIME_DIR": "run", "IPYTHONDIR": "ipython",
}  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def a_bare_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    "For the whole run: no key, no host, no git identity, and empty folders where programs keep what is a person's own."
    own = tmp_path_factory.mktemp("account")
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(PERSONAL) or n in ("IN_TEST", "EMAIL", "PYTEST_ADDOPTS")]:
            patch.delenv(name)
        for name, folder in FOLDERS.items():
            (own / folder).mkdir(mode=0o700)
            patch.setenv(name, str(own / folder))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_interrupts() -> None:
    "Also where the run itself was started in the background, which ignores it and hands that on to every process below."
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def site(a_bare_account: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    "One JupyterLab for all tests that need none of their own; each gets a project of its own there."
    from lab_support import Site, lab

    place = tmp_path_factory.mktemp("site")
    (place / "projects").mkdir()
    with lab(place / "projects", place / "own") as url:
        yield Site(url, place / "projects")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    "One browser a module: while it is there, asyncio believes that a loop runs."
    from lab_support import chrome

    with chrome() as found:
        yield found


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    "A page with nothing stored; nothing may go wrong in it."
    from lab_support import new_page

    page = new_page(browser)
    yield page
    faults = page.faults
    page.context.close()
    assert faults == [], "something went wrong in the page"
