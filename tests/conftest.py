"""No test sees the settings, keys, identity or Jupyter of whoever runs it."""

from __future__ import annotations

import os
from collections.abc import Iterator

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
        for name in [n for n in os.environ if n.startswith(PERSONAL) or n in ("IN_TEST", "EMAIL")]:
            patch.delenv(name)
        for name, folder in FOLDERS.items():
            (own / folder).mkdir(mode=0o700)
            patch.setenv(name, str(own / folder))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield
