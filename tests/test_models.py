"""The model client against real HTTP: whatever a server does ends in one proposal, one answer, or one typed error."""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from loopback import (
    Loopback,
    Seen,
    Step,
    cell_json,
    error,
    events,
    propose,
    raw,
    redirect,
    say,
    text_block,
    tool_block,
    tool_raw,
)

from comprehend_nb.models import Answer, ModelError, Proposal, Request, choose, risks
from comprehend_nb.models import anthropic_ as client
from comprehend_nb.models.anthropic_ import Anthropic
from comprehend_nb.models.budget import Budget
from comprehend_nb.models.reading import Draft, SentBack, Spoken, hard_reasons, read_answer, read_cell
from comprehend_nb.models.terms import forget
from comprehend_nb.models.wire import Block, Reply, feed
from comprehend_nb.policy import Personal

EVENT_WORDS = st.sampled_from(
    ["type", "index", "delta", "text", "partial_json", "content_block", "message", "usage", "name", "input"]
)
EVENT_TYPES = st.sampled_from(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "message_delta",
        "message_stop",
        "tool_use",
        "text",
        "text_delta",
    ]
)
GOOD = propose("x = df.dropna()", intent="Drop the empty rows.")
KEY = "sk-ant-api03-" + "Zz9" * 30
ASK = Request("drop the empty rows", namespace={"df": 1})


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    "The vendor's real key is in every test's environment; totals go to a folder of the test; no thread is left."
    import anthropic  # noqa: F401  (a second or more, which no deadline of a test should have to cover)

    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(client.random, "uniform", lambda a, b: 0.05)
    forget()
    yield
    end = time.monotonic() + 15
    while any(t.name == "comprehend-nb-model" for t in threading.enumerate()):
        assert time.monotonic() < end, "a thread of a request is left"
        time.sleep(0.01)


def model_at(url: str, *, deadline: float = 20.0, budget: Budget | None = None, **settings: Any) -> Anthropic:
    return Anthropic(Personal(base_url=url, deadline=deadline, **settings), "claude-sonnet-5-5", budget=budget)


def outcome(model: Anthropic, request: Request = ASK, said: list[str] | None = None) -> Proposal | Answer | ModelError:
    try:
        return model.ask(request, progress=None if said is None else said.append)
    except ModelError as e:
        return e


def no_key(server: Loopback) -> None:
    assert all(KEY not in str(s.headers) and KEY.encode() not in s.raw for s in server.requests)


STRAY = {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "x"}}
TWO = Step([tool_block(cell_json("x = 1")), tool_block(cell_json("y = 2"), id="toolu_2")], stop_reason="tool_use")
FAULTS: dict[str, tuple[list[Any], str, int]] = {
    # steps, then "proposal", "answer" or the kind of the error, then how many requests it takes
    "good": ([GOOD], "proposal", 1),
    "400 that means our request": ([error(400, "messages: at least one message is required")], "invalid_request", 1),
    "400 no credit": ([error(400, "Your credit balance is too low")], "payment", 1),
    "400 too long": ([error(400, "prompt is too long: 210000 tokens > 200000 maximum")], "too_large", 1),
    "401": ([error(401, f"invalid key {KEY}")], "auth", 1),
    "402": ([error(402, "pay")], "payment", 1),
    "403": ([error(403, "no")], "forbidden", 1),
    "404": ([error(404, "model: claude-sonnet-5-5")], "not_found", 1),
    "413": ([error(413, "too large")], "too_large", 1),
    "429 once": ([error(429), GOOD], "proposal", 2),
    "429 for good": ([error(429)], "rate_limit", 3),
    "429 that asks for a day": ([error(429, headers={"retry-after": "86400"})], "rate_limit", 1),
    "429 that asks for an age": ([error(429, headers={"retry-after": "4294967295"})], "rate_limit", 1),
    "429 not to be retried": ([error(429, headers={"x-should-retry": "false"})], "rate_limit", 1),
    "500 once": ([error(500), GOOD], "proposal", 2),
    "503 without a body": ([raw(b"", status=503)], "server", 3),
    "502 page of a proxy": ([raw("<html>Bad gateway</html>", status=502)], "server", 3),
    "529 twice": ([error(529), error(529), GOOD], "proposal", 3),
    "529 for good": ([error(529)], "overloaded", 3),
    "slow first byte": ([GOOD.but(ttfb=0.6)], "proposal", 1),
    "reset in an event, once": ([GOOD.but(fault="reset"), GOOD], "proposal", 2),
    "reset in an event": ([GOOD.but(fault="reset")], "dropped", 3),
    "reset before the first event": ([GOOD.but(fault="reset", after=0)], "dropped", 3),
    "ends without message_stop, once": ([GOOD.but(fault="truncate", after=9), GOOD], "proposal", 2),
    "ends without message_stop": ([GOOD.but(fault="truncate", after=9)], "truncated", 3),
    "all but the message_stop": ([propose("x = 1", chunk=900, fault="truncate", after=6)], "truncated", 3),
    "ends at once": ([GOOD.but(fault="truncate", after=0)], "truncated", 3),
    "data that is not JSON": ([GOOD.but(fault="bad_json")], "bad_stream", 3),
    "overloaded inside the stream, once": ([GOOD.but(fault="sse_error"), GOOD], "proposal", 2),
    "overloaded inside the stream": ([GOOD.but(fault="sse_error")], "overloaded", 3),
    "a delta of no block": ([GOOD.but(extra_events=[("content_block_delta", STRAY)])], "bad_stream", 3),
    "events nobody knows": ([GOOD.but(extra_events=[("new_thing", {"type": "new_thing", "a": 1})])], "proposal", 1),
    "tool JSON that never closes": ([tool_raw('{"intent": "x", "code": "y = 1"')], "unusable", 3),
    "tool JSON that never closes, once": ([tool_raw('{"intent": "x'), GOOD], "proposal", 2),
    "tool JSON with text after it": ([tool_raw(cell_json("x = 1") + " and so on")], "unusable", 3),
    "tool input that is a list": ([tool_raw('["x = 1"]')], "unusable", 3),
    "code that is a number": ([tool_raw('{"intent": "x", "code": 1}')], "unusable", 3),
    "no arguments": ([tool_raw("")], "unusable", 3),
    "another tool": ([Step([tool_block(cell_json("x = 1"), name="run_shell")], stop_reason="tool_use")], "unusable", 3),
    "two tool calls": ([TWO], "unusable", 3),
    "two tool calls, once": ([TWO, GOOD], "proposal", 2),
    "not Python": ([propose("x = = 1")], "unusable", 3),
    "too long": ([propose("\n".join(f"x{i} = {i}" for i in range(60)))], "unusable", 3),
    "too long, once": ([propose("x = 1\n" * 60), GOOD], "proposal", 2),
    "several ideas": ([propose("def f():\n    return 1\n\ndef g():\n    return 2")], "unusable", 3),
    "a target that is not there": ([propose("x = 1", target="replace_cell")], "unusable", 3),
    "a name that is not there, once": ([propose("y = frame.dropna()"), GOOD], "proposal", 2),
    "a package that is not there": ([propose("import no_such_package")], "proposal", 3),
    "refusal": ([GOOD.but(stop_reason="refusal")], "refusal", 1),
    "context window exceeded": ([GOOD.but(stop_reason="model_context_window_exceeded")], "too_large", 1),
    "a stop reason nobody knows": ([GOOD.but(stop_reason="bored")], "unexpected_stop", 1),
    "no stop reason": ([GOOD.but(stop_reason=None)], "unexpected_stop", 1),
    "max_tokens": ([GOOD.but(stop_reason="max_tokens")], "unusable", 3),
    "an endless answer": ([propose("x = 1 # " + "a" * 300_000, chunk=50_000)], "bad_stream", 3),
    "HTML in a 200": ([raw("<html>Sign in</html>")], "not_a_model", 1),
    "JSON in a 200": ([raw(b'{"type": "message"}', "application/json")], "not_a_model", 1),
    "empty 200": ([raw(b"", "text/plain")], "not_a_model", 1),
    "a stream with nothing in it": ([raw(b"", "text/event-stream")], "truncated", 3),
    "a stream of garbage": ([raw(b"\xff\xfe\x00" * 50, "text/event-stream")], "bad_stream", 3),
    "an error that is no JSON": ([raw(b"\x00\xff", "text/plain", status=400)], "invalid_request", 1),
    "text that calls no tool": ([say("Certainly! I would be happy to help.")], "unusable", 5),
    "an empty message": ([Step([])], "unusable", 5),
    "the end, and the line stays open": ([GOOD.but(fault="linger")], "proposal", 1),
    "a stream spelled in capitals": ([GOOD.but(content_type="Text/Event-Stream; charset=UTF-8")], "proposal", 1),
    "said to be packed": ([GOOD.but(headers={"content-encoding": "gzip"})], "bad_stream", 3),
    "an error of an unknown kind in the stream": ([GOOD.but(extra_events=[("error", {"type": "error", "error": {"type": "odd"}})])], "server", 3),
    "429 until a date": ([error(429, headers={"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"})], "rate_limit", 1),
    "405": ([error(405, "Method not allowed")], "not_found", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_ends_in_one_of_three(name: str) -> None:
    steps, expected, requests = FAULTS[name]
    with Loopback(steps) as server:
        said: list[str] = []
        model, before = model_at(server.url), time.monotonic()
        got = outcome(model, said=said)
        assert time.monotonic() - before < 20
        no_key(server)
        assert len(server.requests) == requests
        kind = {Proposal: "proposal", Answer: "answer"}.get(type(got)) or got.kind
        assert kind == expected, got
        if isinstance(got, Proposal):
            assert (
                got.code in ("x = df.dropna()", "import no_such_package")
                and got.prompt_version
                and got.usage.requests == requests
            )
        if isinstance(got, ModelError):
            line = str(got)
            assert (
                "\n" not in line
                and "Traceback" not in line
                and "Error" not in line
                and KEY not in line + got.text
                and got.remedy
            )
            assert got.__cause__ is None
            assert not any(word in line for word in ("anthropic.", "httpx", "JSONDecode"))
        assert "interrupt" in said[0]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (raw("model not loaded", "text/plain", 400), "(400): model not loaded."),
        (raw("", "text/plain", 418), "(418): it does not say why."),
        (raw("", "text/plain", 302), "to an address that it does not say (302)"),
        (
            raw('data: {"id": "c", "choices": [{"delta": {"content": "hi"}}]}\n\n', "text/event-stream"),
            "a server that speaks /v1/messages",
        ),
    ],
)
def test_what_a_server_says_or_leaves_out_is_told_as_that(step: Step, words: str) -> None:
    with Loopback([step]) as server:
        assert words in str(outcome(model_at(server.url)))


def mangled(seed: int) -> bytes:
    "The bytes of a good stream with something done to them."
    draw = random.Random(seed)
    usage = {"input_tokens": 5, "output_tokens": 1}
    data = b"".join(f"event: {n}\ndata: {json.dumps(d)}\n\n".encode() for n, d in events(GOOD, usage, "m"))
    for _ in range(draw.randint(1, 4)):
        i, j = sorted(draw.randrange(len(data)) for _ in range(2))
        j = min(j, i + 80)
        what = draw.choice(["cut", "double", "flip", "end", "junk", "swap"])
        if what == "cut":
            data = data[:i] + data[j:]
        elif what == "double":
            data = data[:j] + data[i:]
        elif what == "flip":
            data = data[:i] + bytes([data[i] ^ (1 << draw.randrange(8))]) + data[i + 1 :]
        elif what == "end":
            data = data[: max(i, 60)]
        elif what == "junk":
            data = data[:i] + draw.randbytes(draw.randint(1, 40)) + data[i:]
        else:
            parts = data.split(b"\n\n")
            draw.shuffle(parts)
            data = b"\n\n".join(parts)
    return data


def test_mangled_streams_end_in_one_of_three() -> None:
    steps: list[Any] = []
    with Loopback(steps) as server:
        kinds = set()
        for seed in range(25):
            server.steps[:] = [*([GOOD] * len(server.requests)), raw(mangled(seed), "text/event-stream")]
            forget()
            got = outcome(model_at(server.url, deadline=5.0))
            kinds.add(got.kind if isinstance(got, ModelError) else type(got).__name__)
            assert not (isinstance(got, ModelError) and got.kind == "internal"), (seed, got, got.text)
        assert len(kinds) >= 3


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | EVENT_TYPES,
        lambda c: st.lists(c, max_size=3) | st.dictionaries(EVENT_WORDS, c, max_size=5),
        max_leaves=25,
    )
)
def test_no_event_breaks_the_collector(event: Any) -> None:
    reply = Reply()
    for one in event if isinstance(event, list) else [event]:
        with contextlib.suppress(ValueError):
            feed(reply, one)
    assert isinstance(reply.text, str) and reply.usage(None).usd is None
    assert isinstance(read_cell(reply, "tool", proven=False), (Draft, Spoken, SentBack))


@given(
    st.text(),
    st.sampled_from(["tool", "structured", "fenced"]),
    st.booleans(),
    st.sampled_from(["", "```python\n", "{", "```\nx = 1\n```"]),
)
def test_no_text_breaks_the_reader(text: str, form: Any, proven: bool, start: str) -> None:
    reply = Reply({0: Block("text", pieces=[start + text])}, ended=True)
    got = read_cell(reply, form, proven=proven)
    if isinstance(got, Draft):
        hard_reasons(got, Request("x"))
        risks(got.code)
    shown, reasons = read_answer(reply, "answer")
    assert shown or reasons


def test_the_request_is_kept_for_a_retry() -> None:
    with Loopback([error(529), error(529), error(529), GOOD]) as server:
        model = model_at(server.url)
        assert isinstance(outcome(model), ModelError)
        assert isinstance(outcome(model), Proposal)
        assert len({s.raw for s in server.requests}) == 1  # the same bytes


def test_a_retry_says_why_and_how_long() -> None:
    said: list[str] = []
    with Loopback([error(529, headers={"retry-after": "0.6"}), GOOD]) as server:
        before = time.monotonic()
        outcome(model_at(server.url), said=said)
        assert time.monotonic() - before > 0.55
    assert "busy (529), trying again in 1 s (2 of 3)" in said


def test_within_a_second_it_says_that_it_asks_and_how_to_stop() -> None:
    with Loopback([GOOD.but(ttfb=6)]) as server:
        said: list[tuple[float, str]] = []
        before = time.monotonic()
        model_at(server.url).ask(ASK, progress=lambda t: said.append((time.monotonic() - before, t)))
    assert said[0][0] < 5 and "interrupt" in said[0][1] and server.url.removeprefix("http://") in said[0][1]


# ---------------------------------------------------------------- time


SLOW = {
    "silence before the first byte": GOOD.but(ttfb=30),
    "silence in the stream": GOOD.but(fault="stall", seconds=30),
    "a dribble": GOOD.but(delay=0.2),
    "a dribbled header": GOOD.but(fault="header_dribble", delay=0.1),
    "busy, with waits that fit one by one": error(529, headers={"retry-after": "0.7"}),
}


@pytest.mark.parametrize("name", SLOW)
def test_the_deadline_is_total(name: str) -> None:
    with Loopback([SLOW[name]]) as server:
        before = time.monotonic()
        got = outcome(model_at(server.url, deadline=1.0))
        assert time.monotonic() - before < 6  # the server would take 30; benchmarks/models.py measures it
        assert isinstance(got, ModelError) and got.kind in ("deadline", "overloaded") and got.retryable
        if not name.startswith("busy"):
            assert server.wait(lambda: server.aborted)


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize("how", ["signal", "interrupt_main"])
def test_an_interrupt_returns_at_once_and_loses_nothing(name: str, how: str) -> None:
    step = SLOW[name] if not name.startswith("busy") else error(529, headers={"retry-after": "15"})
    with Loopback([step, GOOD]) as server:
        model = model_at(server.url)
        at: list[float] = []

        def interrupt() -> None:
            server.wait(lambda: server.requests)
            time.sleep(0.4)
            at.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT) if how == "signal" else _thread.interrupt_main()

        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            model.ask(ASK)
        assert time.monotonic() - at[0] < 5  # the server would take 20; benchmarks/models.py measures it
        if not name.startswith("busy"):
            assert server.wait(lambda: server.aborted), "the connection was left open"
        assert isinstance(outcome(model), Proposal)
        assert server.requests[0].raw == server.requests[1].raw


def test_an_interrupt_during_a_name_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    import anthropic  # noqa: F401

    lookup = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(6) or lookup(*a, **k))
    with Loopback([GOOD]) as server:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        before = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            model_at(server.url).ask(ASK)
        assert time.monotonic() - before < 5
        time.sleep(6.5)
        assert server.requests == []  # what was given up before it was sent is never sent


def test_an_interrupt_while_the_client_is_imported() -> None:
    code = """
import os, signal, sys, threading, time
sys.path.insert(0, "tests")
from loopback import Loopback, propose
from comprehend_nb.models import Request
from comprehend_nb.models.anthropic_ import Anthropic
from comprehend_nb.policy import Personal
with Loopback([propose("x = 1")]) as server:
    model = Anthropic(Personal(base_url=server.url, deadline=30.0))
    assert "anthropic" not in sys.modules
    at = []
    threading.Timer(0.15, lambda: (at.append(time.monotonic()), os.kill(os.getpid(), signal.SIGINT))).start()
    try: model.ask(Request("x"))
    except KeyboardInterrupt: took = time.monotonic() - at[0]
    print(took, len(server.requests), model.ask(Request("x")).code)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent.parent,
        check=True,
    )
    took, sent, got = done.stdout.split(" ", 2)
    assert float(took) < 5 and sent == "0" and got.strip() == "x = 1"


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make a certificate with")
def test_an_interrupt_cuts_an_encrypted_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    seen: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError), tls.wrap_socket(listener.accept()[0], server_side=True) as connection:
            while data := connection.recv(65536):
                seen.append(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        before = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            model_at(f"https://localhost:{listener.getsockname()[1]}").ask(ASK)
        assert time.monotonic() - before < 10
        thread.join(10)
        assert not thread.is_alive() and b"POST /v1/messages" in seen[0]


# ---------------------------------------------------------------- keys and hosts


def test_the_vendors_key_never_reaches_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback([GOOD]) as server:
        monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-" + KEY)
        assert isinstance(outcome(model_at(server.url)), Proposal)
        assert server.requests[0].key == "no-key-needed"
        assert isinstance(outcome(model_at(server.url, api_key="its-own-key")), Proposal)
        assert server.requests[1].key == "its-own-key"
        monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"x-extra: {KEY}")
        for model in (model_at(server.url), model_at(server.url, api_key=KEY)):
            got = outcome(model)
            assert isinstance(got, ModelError) and got.kind == "key" and KEY not in str(got)
        assert len(server.requests) == 2
        no_key(server)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with Loopback([GOOD]) as other, Loopback([redirect(other.url + "/v1/messages", status)]) as server:
        got = outcome(model_at(server.url, api_key="its-own-key"))
        assert isinstance(got, ModelError) and got.kind == "redirect" and other.url.removeprefix("http://") in str(got)
        assert other.requests == [] and len(server.requests) == 1


def test_a_server_on_this_machine_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with Loopback([GOOD]) as server, Loopback([error(500)]) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert isinstance(outcome(model_at(server.url)), Proposal)
        assert proxy.requests == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://no-such-host.invalid", "ftp://127.0.0.1", "not a url", "http://[::1"]
)
def test_a_host_that_is_not_there(url: str) -> None:
    got = outcome(model_at(url, deadline=8.0))
    assert (
        isinstance(got, ModelError) and got.kind in ("unreachable", "internal", "bad_stream") and "\n" not in str(got)
    )


def test_an_address_is_taken_with_or_without_v1_and_its_password_is_not_shown() -> None:
    with Loopback([GOOD]) as server:
        for end in ("", "/", "/v1", "/v1/"):
            assert isinstance(outcome(model_at(server.url.replace("//", "//ada:its-password@") + end)), Proposal)
        assert {s.path for s in server.requests} == {"/v1/messages"}
    for url in ("http://ada:its-password@127.0.0.1:door", "http://ada:its-password@[::1"):
        model = model_at(url, deadline=3.0)
        got = outcome(model)
        assert isinstance(got, ModelError) and "its-password" not in f"{model.label} {got} {got.text}"


def test_no_key_no_request() -> None:
    got = outcome(Anthropic(Personal()))
    assert isinstance(got, ModelError) and got.kind == "no_key"


# ---------------------------------------------------------------- what is asked for


def form_of(body: dict[str, Any]) -> str:
    return "tool" if "tools" in body else "structured" if "output_config" in body else "fenced"


FENCED = "Drops the empty rows.\nAssumption: none matter\n```python\nx = df.dropna()\n```"


def server_that(*, tools: str, structured: str) -> Any:
    "A server that does, refuses or ignores tools and structured output."

    def answer(body: dict[str, Any]) -> Step:
        form = form_of(body)
        does = {"tool": tools, "structured": structured, "fenced": "does"}[form]
        if does == "refuses":
            return error(
                400,
                {
                    "tool": "tools: not supported by this model",
                    "structured": "output_config: Extra inputs are not permitted",
                }[form],
            )
        if does == "ignores":
            return say("I am a helpful assistant.")
        return {"tool": GOOD, "structured": say(cell_json("x = df.dropna()")), "fenced": say(FENCED)}[form]

    return answer


@pytest.mark.parametrize(
    ("tools", "structured", "negotiated", "asked"),
    [
        ("does", "does", "strict tool", 1),
        ("refuses", "does", "structured output", 2),
        ("ignores", "does", "structured output", 2),
        ("refuses", "refuses", "one fenced code block", 3),
        ("ignores", "ignores", "one fenced code block", 3),
        ("refuses", "ignores", "one fenced code block", 3),
    ],
)
def test_terms_are_found_out_and_remembered(tools: str, structured: str, negotiated: str, asked: int) -> None:
    with Loopback([server_that(tools=tools, structured=structured)]) as server:
        model = model_at(server.url)
        assert isinstance(outcome(model), Proposal) and len(server.requests) == asked
        assert model.negotiated == negotiated
        assert (
            isinstance(outcome(model_at(server.url)), Proposal) and len(server.requests) == asked + 1
        )  # another model object, the same process


def test_terms_are_found_out_anew_when_the_server_changes() -> None:
    "The same address, another model behind it: words in place of calls, three times in a row, are doubted."
    with Loopback(
        [GOOD, *[say("Certainly, here is what I think.")] * 3, server_that(tools="ignores", structured="ignores")]
    ) as server:
        model = model_at(server.url)
        assert isinstance(outcome(model), Proposal) and model.negotiated == "strict tool"
        assert [type(outcome(model)) for _ in range(3)] == [
            Answer
        ] * 3 and model.negotiated == "strict tool (not tried yet)"
        assert isinstance(outcome(model), Proposal) and model.negotiated == "one fenced code block"
        assert "one fenced code block, as it answered on" in model.remembered


def test_what_cannot_be_kept_is_said_and_the_question_is_asked() -> None:
    kept: list[tuple[str, str]] = []
    with Loopback([GOOD]) as server:
        model = model_at(server.url)
        model.keep = lambda body, digest: kept.append((body, digest))
        got = outcome(model)
        assert isinstance(got, Proposal) and kept == [(model.sent, got.sent)] and got.sent.startswith("sha256:")

        def full(body: str, digest: str) -> None:
            raise OSError(28, "No space left on device")

        model.keep, said = full, []
        assert isinstance(outcome(model, said=said), Proposal)
        assert "what is sent cannot be kept (OSError); asking all the same" in said


def test_a_fenced_block_where_a_tool_was_offered_is_taken() -> None:
    with Loopback([say(FENCED)]) as server:
        model = model_at(server.url)
        got = outcome(model)
        assert isinstance(got, Proposal) and got.assumption == "none matter" and len(server.requests) == 1
        outcome(model)
        assert form_of(server.requests[1].body) == "fenced"


def test_a_server_without_cache_marks() -> None:
    def answer(body: dict[str, Any]) -> Step:
        return (
            error(400, "system.0.cache_control.ephemeral.ttl: Extra inputs are not permitted")
            if "cache_control" in json.dumps(body)
            else GOOD
        )

    with Loopback([answer]) as server:
        model = model_at(server.url)
        assert (
            isinstance(outcome(model), Proposal) and len(server.requests) == 2 and "no cache marks" in model.negotiated
        )


def test_a_tool_is_never_forced() -> None:
    def answer(body: dict[str, Any]) -> Step:
        if body.get("tool_choice", {}).get("type") in ("tool", "any"):
            return error(400, 'tool_choice: type "tool" and "any" are not supported for this model')
        return GOOD

    with Loopback([answer]) as server:
        assert isinstance(outcome(model_at(server.url)), Proposal)
        body = server.requests[0].body
        assert (
            body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
            and body["tools"][0]["strict"] is True
        )
        assert not {"temperature", "top_p", "top_k"} & set(body) and body["stream"] is True


def test_words_of_a_server_that_calls_tools_are_an_answer() -> None:
    with Loopback([GOOD, say("Which of the two mass columns do you mean?")]) as server:
        model = model_at(server.url)
        outcome(model)
        assert outcome(model) == Answer(
            "Which of the two mass columns do you mean?", "claude-sonnet-5-5", outcome(model).usage
        )


@pytest.mark.parametrize("mode", ["answer", "hint"])
def test_questions_get_answers_without_code(mode: Any) -> None:
    steps = [
        say("Because the filter kept no row.\n```python\ndf = None\n```"),
        say("Because the filter kept no row: df has shape (0, 3)."),
    ]
    with Loopback(steps) as server:
        got = outcome(model_at(server.url), Request("why is df empty?", mode))
        assert isinstance(got, Answer) and "```" not in got.text and "(0, 3)" in got.text and got.usage.requests == 2
        assert all("tools" not in s.body and "output_config" not in s.body for s in server.requests)
        assert "there is a code block in it" in server.requests[1].text
    with Loopback([steps[0]]) as server:
        got = outcome(model_at(server.url), Request("why?", mode))
        assert isinstance(got, Answer) and got.text == "Because the filter kept no row.\n[code left out]"
    with Loopback([GOOD]) as server:  # a server that calls a tool nobody offered
        got = outcome(model_at(server.url), Request("why?", mode))
        assert isinstance(got, ModelError) and got.kind == "unusable"


def test_what_is_sent_back_says_why_and_shows_what() -> None:
    with Loopback([propose("x = 1\n" * 30), propose("y = frame"), GOOD]) as server:
        said: list[str] = []
        got = outcome(model_at(server.url), said=said)
        assert isinstance(got, Proposal) and got.notes == ()
        tails = [s.body["messages"][0]["content"][-1]["text"] for s in server.requests]
        assert "too long: 30" in tails[1] and "frame, which is not in the kernel" in tails[2] and "x = 1" in tails[2]
        assert any("round 2 of 3" in s for s in said)
        assert all(len(s.body["messages"]) == 1 and s.body["messages"][0]["role"] == "user" for s in server.requests)


def test_a_model_that_insists_is_shown_as_what_it_is() -> None:
    with Loopback([propose("import no_such_package")]) as server:
        got = outcome(model_at(server.url))
        assert isinstance(got, Proposal) and got.notes == ("it imports no_such_package, which is not installed",)
    with Loopback([propose("def f(): pass\ndef g(): pass\n# \u202e\x1b[31m")]) as server:
        got = outcome(model_at(server.url))
        assert isinstance(got, ModelError) and got.kind == "unusable" and "several things" in str(got)
        assert "def f()" in got.text and "\u202e" not in got.text and "\x1b" not in got.text


def test_a_target_is_replaced() -> None:
    with Loopback(
        [propose("x = 1"), propose("x = 1 ", target="replace_cell"), propose("x = 2", target="replace_cell")]
    ) as server:
        got = outcome(model_at(server.url), Request("make it two", target="x = 1"))
        assert isinstance(got, Proposal) and got.replaces and got.code == "x = 2" and len(server.requests) == 3


def see(name: str, given: Any) -> str:
    if name == "look" and given["name"] == "gone":
        raise ModelError("there is no such name", kind="x")
    return f"{name} of {given}"


def asks_to_see(name: str, given: str, **more: Any) -> Step:
    return Step([tool_block(given, name=name)], stop_reason="tool_use").but(**more)


SEEING = Request("drop the empty rows", namespace={"df": 1}, look=see)


def test_looks_are_bounded_and_answered_as_data() -> None:
    again = asks_to_see("look", '{"name": "df", "path": ""}')
    with Loopback([again]) as server:
        said: list[str] = []
        got = outcome(model_at(server.url), SEEING, said)
        assert isinstance(got, ModelError) and got.kind == "unusable" and "no look is left" in str(got)
        assert (
            len(server.requests) == 4 + 3 and got.usage.looks == 4 and sum("looks at look(df)" in s for s in said) == 4
        )
        assert all(len(s.body["messages"]) == 1 for s in server.requests)
    with Loopback([again, GOOD]) as server:
        got = outcome(model_at(server.url), SEEING)
        assert isinstance(got, Proposal) and got.looks == ("look(df)",) and got.usage.requests == 2
        tail = server.requests[1].body["messages"][0]["content"][-1]["text"]
        assert 'kind="what you looked at"' in tail and "You looked 1 of 4 times." in tail


@pytest.mark.parametrize(
    "step",
    [
        asks_to_see("look", "{"), asks_to_see("look", "[]"), asks_to_see("look", '{"name": 3, "path": ""}'), asks_to_see("probe", '{"code": "1"}'),
        asks_to_see("look", '{"name": "gone", "path": ""}'), asks_to_see("sample", '{"frame": "df", "n": "many"}'),
    ],
)  # fmt: skip
def test_a_look_that_cannot_be_is_said_to_the_model_and_to_nobody_else(step: Step) -> None:
    with Loopback([step, GOOD]) as server:
        got = outcome(model_at(server.url), SEEING)
        assert isinstance(got, Proposal) and len(got.looks) == 1
        tail = server.requests[1].body["messages"][0]["content"][-1]["text"]
        assert "cannot: " in tail or "probe of" in tail


def test_a_cell_that_comes_with_looks_is_a_cell_and_looks_nobody_offered_are_none() -> None:
    both = Step(
        [tool_block('{"name": "df", "path": ""}', name="look"), tool_block(cell_json("x = df.dropna()"), id="toolu_2")],
        stop_reason="tool_use",
    )
    with Loopback([both]) as server:
        assert isinstance(outcome(model_at(server.url), SEEING), Proposal) and len(server.requests) == 1
    with Loopback([asks_to_see("look", '{"name": "df", "path": ""}'), GOOD]) as server:
        got = outcome(model_at(server.url))
        assert isinstance(got, Proposal) and not got.looks and "does not exist" in server.requests[1].text
        assert [t["name"] for t in server.requests[0].body["tools"]] == ["propose_cell"]


def test_questions_may_look_too_and_share_the_beginning() -> None:
    with Loopback([GOOD, asks_to_see("columns", '{"frame": "df"}'), say("Two columns.")]) as server:
        model = model_at(server.url)
        outcome(model, SEEING)
        got = outcome(model, Request("what is in it?", "answer", namespace={"df": 1}, look=see))
        assert isinstance(got, Answer) and got.looks == ("columns(df)",)
        fixed = {json.dumps([s.body["tools"], s.body["system"], s.body["tool_choice"]]) for s in server.requests}
        assert len(fixed) == 1
    refuses = [error(400, "tools: not supported by this model"), say("Two columns.")]
    with Loopback(refuses) as server:
        got = outcome(model_at(server.url), Request("what is in it?", "answer", namespace={"df": 1}, look=see))
        assert isinstance(got, Answer) and "tools" not in server.requests[1].body


def test_hostile_text_is_shown_harmless() -> None:
    evil = "x = 1  # \u202egnihton\u202c \x1b]8;;http://evil\x07"
    with Loopback([propose(evil, intent="Look \u200bhere\x1b[2J\n<img src=x>")]) as server:
        got = outcome(model_at(server.url))
        assert isinstance(got, Proposal)
        assert not any(c in got.code + got.intent for c in "\u202e\u202c\u200b\x1b\x07") and "\n" not in got.intent


# ---------------------------------------------------------------- money


def spender(url: str, tmp_path: Path, **limits: Any) -> Anthropic:
    prices = {"claude-sonnet-5-5": {"input": 2.0, "output": 10.0}}
    return model_at(url, prices=prices, budget=Budget(path=tmp_path / "spent.json", **limits))


def test_usage_is_the_servers_and_priced(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 1000,
        "cache_read_input_tokens": 5000,
        "cache_creation_input_tokens": 300,
        "cache_creation": {"ephemeral_1h_input_tokens": 100},
    }
    with Loopback([GOOD.but(usage=usage)]) as server:
        model = spender(server.url, tmp_path)
        got = outcome(model)
        assert isinstance(got, Proposal)
        u = got.usage
        assert (u.input_tokens, u.cache_read_tokens, u.cache_write_tokens) == (1000, 5000, 300)
        wanted = (1000 * 2 + 5000 * 0.2 + 200 * 2.5 + 100 * 4 + u.output_tokens * 10) / 1e6
        assert (
            u.usd == pytest.approx(wanted)
            and model.budget.session == pytest.approx(wanted)
            and model.budget.today() == pytest.approx(wanted)
        )


def test_limits_refuse_before_anything_is_sent(tmp_path: Path) -> None:
    with Loopback([GOOD]) as server:
        for limits in ({"session_usd": 0.01}, {"day_usd": 0.01}, {"request_usd": 0.01}):
            got = outcome(spender(server.url, tmp_path, **limits))
            assert isinstance(got, ModelError) and got.kind == "budget" and "not sent" in str(got) and got.remedy
        assert server.requests == []
    with Loopback([GOOD.but(usage={"input_tokens": 400_000})]) as server:
        model = spender(server.url, tmp_path, session_usd=0.83)
        assert isinstance(outcome(model), Proposal)
        got = outcome(model)
        assert isinstance(got, ModelError) and got.kind == "budget" and len(server.requests) == 1


def test_a_retry_is_paid_for_and_limited(tmp_path: Path) -> None:
    with Loopback([GOOD.but(fault="truncate", after=9, usage={"input_tokens": 100_000})]) as server:
        model = spender(server.url, tmp_path, session_usd=0.42)
        got = outcome(model)
        assert isinstance(got, ModelError) and got.kind == "budget"  # two attempts cost $0.40; the third is not sent
        assert len(server.requests) == 2 and got.usage.requests == 2 and got.usage.usd == pytest.approx(0.4, rel=0.01)


def test_an_interrupted_request_is_counted(tmp_path: Path) -> None:
    with Loopback([GOOD.but(fault="stall", after=9, usage={"input_tokens": 50_000})]) as server:
        model = spender(server.url, tmp_path)
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            model.ask(ASK)
        assert model.budget.session == pytest.approx(0.1, rel=0.01) and model.budget.reserved == 0


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    with Loopback([GOOD]) as server:
        model = model_at(server.url)
        got = outcome(model)
        assert isinstance(got, Proposal) and got.usage.usd is None and "unknown price" in model.budget.status()


# ---------------------------------------------------------------- the house rules


def test_nothing_heavy_is_imported_before_the_first_call() -> None:
    code = """
import sys
import comprehend_nb.models, comprehend_nb.prompt
from comprehend_nb.models import choose, Request, validate, risks, Budget, ModelError
from comprehend_nb.policy import Personal
model = choose(Personal(api_key="k"))
model.label, model.negotiated
print(sorted({"anthropic", "httpx2", "httpx", "pydantic", "pandas", "numpy", "nbdev", "IPython"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent.parent,
        check=True,
    )
    assert done.stdout.strip() in ("[]", "['IPython']"), done.stdout


def test_choose() -> None:
    assert choose(Personal(model="claude-haiku-5-5", api_key="k")).name == "claude-haiku-5-5"
    assert (
        choose(Personal(model="anthropic:qwen3:8b", base_url="http://127.0.0.1:9")).label == "qwen3:8b at 127.0.0.1:9"
    )
    assert choose(Personal(api_key="k")).name == client.DEFAULT_MODEL


def test_no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    import anthropic

    given: dict[str, Any] = {}
    real = anthropic.Anthropic.__init__
    monkeypatch.setattr(anthropic.Anthropic, "__init__", lambda self, **k: (given.update(k), real(self, **k))[1])
    with Loopback([GOOD]) as server:
        outcome(model_at(server.url))
    assert given["open_telemetry"] is False and given["max_retries"] == 0 and given["api_key"] == "no-key-needed"


def test_one_question_at_a_time() -> None:
    with Loopback([GOOD.but(ttfb=0.5)]) as server:
        model = model_at(server.url)
        first: list[Any] = []
        thread = threading.Thread(target=lambda: first.append(outcome(model)))
        thread.start()
        assert server.wait(lambda: server.requests)
        got = outcome(model)
        thread.join()
        assert isinstance(got, ModelError) and got.kind == "busy" and isinstance(first[0], Proposal)


def test_what_is_sent_is_kept_for_the_journal_without_the_key() -> None:
    with Loopback([GOOD]) as server:
        model = model_at(server.url, api_key="its-own-key")
        outcome(model)
        sent = json.loads(model.sent)
        assert (
            sent == {k: v for k, v in server.requests[0].body.items() if k != "stream"}
            and "its-own-key" not in model.sent
        )


def test_planted_secrets_reach_no_request() -> None:
    request = Request(
        f"use {KEY}", cells=(f"key = '{KEY}'",), target=f"k = '{KEY}'", feedback=(KEY,), namespace={"k": KEY}
    )
    with Loopback([propose(f"k = '{KEY}'\n" * 30, target="replace_cell")]) as server:
        got = outcome(model_at(server.url), request)
        assert isinstance(got, ModelError) and len(server.requests) == 3
        no_key(server)


# ---------------------------------------------------------------- a second, independent server


@pytest.fixture(scope="module")
def mock() -> Any:
    testing = pytest.importorskip("llmock.testing", reason="llmock, the second independent server, is not installed")
    with testing.LLMockServer() as server:
        yield server


def scripted(mock: Any, *behaviours: dict[str, Any]) -> Anthropic:
    import urllib.request

    for path, body in (("reset", {}), ("scenario", {"behaviors": list(behaviours)})):
        data = json.dumps(body).encode()
        urllib.request.urlopen(
            urllib.request.Request(f"{mock.url}/_llmock/{path}", data, {"content-type": "application/json"}), timeout=5
        ).read()
    return model_at(mock.base_url("anthropic"), deadline=8.0)


CALL = {
    "type": "reply",
    "tool_calls": [{"name": "propose_cell", "arguments": json.loads(cell_json("x = df.dropna()"))}],
    "times": None,
}


@pytest.mark.parametrize(
    ("behaviours", "expected"),
    [
        ([], "proposal"),
        ([{"type": "fail", "status": 529}], "proposal"),
        ([{"type": "fail", "status": 429, "retry_after": 0.2, "times": 2}], "proposal"),
        ([{"type": "fail", "status": 401}], "auth"),
        ([{"type": "fail", "status": 503, "times": None}], "server"),
        ([{"type": "stream_fault", "kind": "disconnect", "after_chunks": 3}], "proposal"),
        ([{"type": "stream_fault", "kind": "truncate", "after_chunks": 3, "times": None}], "truncated"),
        ([{"type": "stream_fault", "kind": "malformed", "after_chunks": 3, "times": None}], "bad_stream"),
        ([{"type": "tool_fault", "kind": "unknown_tool", "times": None}], "unusable"),
        ([{"type": "tool_fault", "kind": "malformed_arguments", "times": None}], "unusable"),
        ([{"type": "slow_first_token", "seconds": 0.5}], "proposal"),
    ],
)
def test_llmock(mock: Any, behaviours: list[dict[str, Any]], expected: str) -> None:
    got = outcome(scripted(mock, CALL, *behaviours))
    assert ({Proposal: "proposal", Answer: "answer"}.get(type(got)) or got.kind) == expected, got


def test_seen_reads_either_kind_of_key() -> None:
    assert (
        Seen("/", {"x-api-key": "a"}, b"", {}, 0).key == "a" == Seen("/", {"authorization": "Bearer a"}, b"", {}, 0).key
    )
    assert text_block("a") == {"type": "text", "text": "a"}
