"""Kernels on other machines: through a real Jupyter Kernel Gateway, and on the single-user servers of a real JupyterHub.

What is asked and recorded is where the kernel is, so that is where its files are looked for; who it was is the person of that server.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kernel_support import ledger_text, make_project

from comprehend_nb.ledger import read

BIN = Path(sys.executable).parent
TOKEN = "t0ken" * 6
CELL = "#| export\ndef gross(net):\n    return 107 * net / 100"
WORDS = "what: adds the tax to a net sum\nwhy: shelf prices are gross, so the till adds nothing\nfails: text instead of a number raises TypeError"
DRAFT = "what: pins the tax of a known sum\nwhy: a wrong rate would go unseen\nfails: breaks once gross rounds to cents"

pytestmark = pytest.mark.slow


def environ(home: Path, **more: str) -> dict[str, str]:
    "The environment of a server whose account is bare."
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "JUPYTERHUB_")) and k != "IN_TEST"}
    return (
        kept
        | {
            "HOME": str(home),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        | more
    )


def loop(kernel) -> None:
    "The whole loop of a draft, and of a cell of one's own."
    from panel_support import Panel, capability_of

    kernel.run("%load_ext comprehend_nb")
    panel = Panel(kernel.client)
    panel.capability = capability_of(kernel)
    kernel.run(CELL, "c1")
    kernel.run("shown = gross(100)", "c1a")
    assert "proposed by rules, no model" in kernel.run("%ai a test of gross", "c2")
    assert kernel.handed == "%ai_run d1"
    assert "d1 ran" in kernel.run("%ai_run d1", "c3")
    assert "not explained yet" in kernel.run("%%ai_explain d1\nwhat: ok", "c4")
    assert "is a cell of the notebook now" in kernel.run(f"%%ai_explain d1\n{DRAFT}", "c4")
    assert "assert" in kernel.handed
    assert "gross is explained" in kernel.run(f"%%ai_explain gross\n{WORDS}", "c5")
    assert "gross fails: text instead" in kernel.run("gross('ten')", "c6")
    assert panel.ask("summary", capability=panel.capability)["may"], (
        "a panel in a browser looks, and may act for this person"
    )
    assert "shown" in str(panel.ask("rows"))
    assert not panel.ask("summary", capability="somebody else").get("may")
    assert panel.act(kernel, "ask", at="c1a", text="")["ok"]


# --- a gateway


@pytest.fixture
def gateway(tmp_path):
    "A gateway whose kernels start in a folder that the test makes: (its address, the folder)."
    pytest.importorskip("kernel_gateway", reason="needs jupyter_kernel_gateway")
    from remote_support import free_port, serving

    place, home = tmp_path / "machine", tmp_path / "home"
    place.mkdir(), home.mkdir()
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [
        sys.executable,
        "-m",
        "kernel_gateway",
        "--ip=127.0.0.1",
        f"--port={port}",
        f"--KernelGatewayApp.auth_token={TOKEN}",
        "--KernelGatewayApp.port_retries=0",
    ]
    with serving(command, f"{url}/api/kernelspecs", TOKEN, place, environ(home)):
        yield url, place


def test_the_loop_through_a_gateway_is_recorded_where_the_kernel_is(gateway):
    from remote_support import Remote

    url, place = gateway
    make_project(place / "p")
    for item in (place / "p").iterdir():
        shutil.move(item, place / item.name)
    with Remote(url, TOKEN) as kernel:
        loop(kernel)
        status = kernel.run("%ai_status")
        assert f"{place}/.comprehend/ledger on {socket.gethostname()}" in status
    history = read(place)
    assert {p.email for p in history.people.values()} == {"ada@example.org"}, (
        "git's identity there, and no name that a message claims"
    )
    assert [r.kind for r in history.records].count("explained") == 2


def test_a_message_cannot_claim_a_name_and_a_program_records_nothing(gateway):
    from remote_support import Remote

    url, place = gateway
    make_project(place / "p")
    for item in (place / "p").iterdir():
        shutil.move(item, place / item.name)
    with Remote(url, TOKEN) as kernel:
        kernel.run("%load_ext comprehend_nb")
        kernel.run(CELL, "c1", username="Mallory")
        assert "not by a person" in kernel.run(f"%%ai_explain gross\n{WORDS}", "c2", person=False)
        assert "gross is explained" in kernel.run(f"%%ai_explain gross\n{WORDS}", "c2", username="Mallory")
    assert "Mallory" not in ledger_text(place) and "Ada" in ledger_text(place)


@pytest.mark.parametrize("there", ["nothing", "no repository"])
def test_where_the_kernel_has_no_repository_it_says_where_the_records_are(gateway, there):
    from remote_support import Remote

    url, place = gateway
    if there == "no repository":
        (place / "pyproject.toml").write_text('[project]\nname = "birds"\n[tool.nbdev]\n')
    with Remote(url, TOKEN) as kernel:
        kernel.run("%load_ext comprehend_nb")
        kernel.run(CELL, "c1")
        said = kernel.run("%ai_status")
        if there == "nothing":
            assert "not recorded: there is no project here" in said and f"on {socket.gethostname()}" in said
        else:
            subprocess.run(["git", "--version"], check=True, capture_output=True)
            assert (
                "nobody says who you are" in said
                and "no git repository" in said
                and f"{place}/.comprehend/ledger on {socket.gethostname()}" in said
            )


# --- a Hub


HUB = """
import os, sys
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{homes}/{{username}}"
c.Spawner.notebook_dir = "{homes}/{{username}}/shop"
c.Spawner.args = ["--allow-root"]
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.environment = {{"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}}
c.Spawner.start_timeout = 180
c.Spawner.http_timeout = 180
c.ConfigurableHTTPProxy.command = {proxy!r}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.auth_token = "p" * 32
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.services = [{{"name": "test", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [{{"name": "test", "scopes": ["admin:users", "admin:servers", "access:servers", "servers", "read:hub"], "services": ["test"]}}]
"""


@pytest.fixture
def hub(tmp_path):
    "A Hub with its own proxy: (its address, the folder of homes)."
    pytest.importorskip("jupyterhub", reason="needs jupyterhub")
    if not (BIN / "configurable-http-proxy").exists():
        pytest.skip("needs configurable-http-proxy, of PyPI")
    from remote_support import free_port, serving

    folder, homes = tmp_path / "hub", tmp_path / "homes"
    folder.mkdir(), homes.mkdir()
    port, hub_port, api = (free_port() for _ in range(3))
    proxy = [str(BIN / "configurable-http-proxy")]
    (folder / "config.py").write_text(
        HUB.format(port=port, hub=hub_port, api=api, homes=homes, proxy=proxy, folder=folder, token=TOKEN)
    )
    url = f"http://127.0.0.1:{port}"
    with serving(
        [sys.executable, "-m", "jupyterhub", "-f", "config.py"], f"{url}/hub/api/info", TOKEN, folder, environ(folder)
    ) as log:
        yield url, homes, log


def start(hub, user: str) -> str:
    "A single-user server for this user; its address."
    from remote_support import asked

    url, homes, log = hub
    make_project(homes / user / "shop")
    for key in ("user.name", "user.email"):
        subprocess.run(["git", "config", "--unset", key], cwd=homes / user / "shop", check=True)
    asked(f"{url}/hub/api/users/{user}", "POST", {}, TOKEN)
    asked(f"{url}/hub/api/users/{user}/server", "POST", {}, TOKEN)
    until = time.monotonic() + 200
    while not asked(f"{url}/hub/api/users/{user}", token=TOKEN)["servers"].get("", {}).get("ready"):
        assert time.monotonic() < until, log.read_text()[-4000:]
        time.sleep(0.3)
    return f"{url}/user/{user}"


def test_two_people_on_a_hub_each_record_under_their_own_name(hub):
    "Nobody configured git there: the Hub says who they are. Each has a server, a home and a clone."
    from remote_support import Remote

    _, homes, _ = hub
    for user in ("ada", "bob"):
        with Remote(start(hub, user), TOKEN, path="nbs/a.ipynb") as kernel:
            assert kernel.run("import os; print(os.environ['JUPYTERHUB_USER'], os.getcwd())").split() == [
                user,
                str(homes / user / "shop" / "nbs"),
            ]
            loop(kernel)
            assert f"{homes / user / 'shop'}/.comprehend/ledger on {socket.gethostname()}" in kernel.run("%ai_status")
    for user in ("ada", "bob"):
        people = read(homes / user / "shop").people.values()
        assert [(p.name, p.source) for p in people] == [(user, "hub")]


def test_on_a_hub_as_well_git_says_first_who_a_person_is(hub):
    from remote_support import Remote

    url, homes, _ = hub
    server = start(hub, "ada")
    subprocess.run(["git", "config", "user.email", "ada@example.org"], cwd=homes / "ada" / "shop", check=True)
    with Remote(server, TOKEN, path="nbs/a.ipynb") as kernel:
        kernel.run("%load_ext comprehend_nb")
        kernel.run(CELL, "c1")
        assert "gross is explained" in kernel.run(f"%%ai_explain gross\n{WORDS}", "c2")
    assert [(p.email, p.source) for p in read(homes / "ada" / "shop").people.values()] == [
        ("ada@example.org", "git")
    ] and url
