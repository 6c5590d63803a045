"""A scripted model server on 127.0.0.1: real HTTP, real server-sent events, real faults.

    with Loopback([error(529), propose("df = df.dropna()")]) as server:
        ...                       # point a client at server.url
    server.requests[0].body       # what was sent; .headers, .raw, .at
    server.aborted                # numbers of the requests that the client gave up on

One step answers one request; the last one repeats. A step may be a function of the request's body that returns a step, so
that a server can answer by what it is asked. Usage is billed as the vendor documents its prompt cache (`CacheBill`), unless a
step says otherwise.
"""

from __future__ import annotations

import hashlib
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ERROR_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error",
    413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 503: "api_error", 529: "overloaded_error",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One scripted answer. `blocks` are the content blocks of a message; `body` answers with raw bytes instead.

    Faults (`fault`, at event number `after`): "reset" in the middle of an event, "truncate" (a clean end, no message_stop),
    "bad_json" (a data line that is not JSON), "sse_error" (an error event in a 200 stream), "stall" (`seconds` of silence),
    "header_dribble" (the status line, a byte at a time), "linger" (after the end another message, and the line stays open).
    `delay` is a pause before each event, `ttfb` before the first byte.
    """

    blocks: Sequence[dict[str, Any]] = ()
    stop_reason: str | None = "end_turn"
    usage: dict[str, Any] | None = None
    status: int = 200
    body: bytes | None = None
    content_type: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    ttfb: float = 0.0
    delay: float = 0.0
    chunk: int = 9
    fault: str = ""
    after: int = 5
    seconds: float = 30.0
    extra_events: Sequence[tuple[str, dict[str, Any]]] = ()

    def but(self, **changes: Any) -> Step:
        return replace(self, **changes)


Script = Step | Callable[[dict[str, Any]], Step]


def tool_block(raw: str, name: str = "propose_cell", id: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "name": name, "id": id, "raw": raw}


def text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def cell_json(
    code: str,
    intent: str = "Take one step.",
    assumption: str = "each row is one bird",
    target: str = "new_cell",
    **more: Any,
) -> str:
    return json.dumps({"assumption": assumption, "code": code, "intent": intent, "target": target} | more)


def propose(
    code: str,
    intent: str = "Take one step.",
    assumption: str = "each row is one bird",
    target: str = "new_cell",
    **step: Any,
) -> Step:
    "A proposal by a tool call."
    return Step([tool_block(cell_json(code, intent, assumption, target))], stop_reason="tool_use").but(**step)


def tool_raw(raw: str, **step: Any) -> Step:
    "A tool call whose arguments are this text, whatever it is."
    return Step([tool_block(raw)], stop_reason="tool_use").but(**step)


def say(text: str, **step: Any) -> Step:
    "An answer in plain text."
    return Step([text_block(text)]).but(**step)


def error(
    status: int, message: str = "scripted", *, type: str = "", headers: dict[str, str] | None = None, **step: Any
) -> Step:
    "An HTTP error before any stream, in the vendor's form."
    body = {
        "type": "error",
        "error": {"type": type or ERROR_TYPES.get(status, "api_error"), "message": message},
        "request_id": "req_loopback",
    }
    return Step(
        status=status, body=json.dumps(body).encode(), content_type="application/json", headers=headers or {}
    ).but(**step)


def raw(body: bytes | str, content_type: str = "text/html", status: int = 200, **step: Any) -> Step:
    "Any other answer: HTML of a proxy, an empty body, JSON where a stream was asked for."
    return Step(status=status, body=body.encode() if isinstance(body, str) else body, content_type=content_type).but(
        **step
    )


def redirect(url: str, status: int = 307) -> Step:
    return Step(status=status, body=b"", content_type="text/plain", headers={"location": url})


@dataclass(frozen=True)
class Seen:
    "One request as it arrived."

    path: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any]
    at: float

    @property
    def text(self) -> str:
        "All that the request says to the model, as one text."
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def key(self) -> str:
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")


class CacheBill:
    """Bills requests as the vendor documents its prompt cache: exact prefixes over tools, system, messages; at most four
    breakpoints, longer ones first; a look-back of 20 blocks; 5 minutes or an hour, renewed by use; nothing below `least`
    tokens. A token is four bytes of text here."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, least: int = 1024) -> None:
        self.clock, self.least, self.entries = clock, least, dict[str, tuple[float, float]]()

    @staticmethod
    def _blocks(body: dict[str, Any]) -> list[tuple[str, int, str | None]]:
        "Each block in order: what its cache entry depends on, how many tokens of text it is, its mark."

        def one(block: dict[str, Any], around: str = "") -> tuple[str, int, str | None]:
            mark = block.get("cache_control")
            rest = json.dumps({k: v for k, v in block.items() if k != "cache_control"}, ensure_ascii=False)
            told = str(block["text"]) if block.get("type") == "text" else rest
            return around + rest, max(1, len(told.encode()) // 4), mark and mark.get("ttl", "5m")

        system = body.get("system") or []
        blocks = [one(t) for t in body.get("tools", [])] + [one(s) for s in ([] if isinstance(system, str) else system)]
        head = json.dumps([body.get("model"), body.get("tool_choice"), body.get("output_config")])
        for m in body["messages"]:
            content = m["content"] if isinstance(m["content"], list) else [{"type": "text", "text": m["content"]}]
            blocks += [one(block, m["role"] + head) for block in content]
        return blocks

    def check(self, body: dict[str, Any]) -> str:
        "Why the vendor would refuse these breakpoints, or an empty string."
        marks = [ttl for *_, ttl in self._blocks(body) if ttl]
        if len(marks) > 4:
            return "A maximum of 4 blocks with cache_control may be provided."
        late = "5m" in marks and "1h" in marks[marks.index("5m") :]
        return "cache_control: a 1h breakpoint must come before 5m ones." if late else ""

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        now, digest, total = self.clock(), hashlib.sha256(str(body.get("model")).encode()), 0
        sums: list[tuple[str, int, str | None]] = []
        for text, tokens, ttl in self._blocks(body):
            digest.update(text.encode() + b"\0")
            total += tokens
            sums.append((digest.hexdigest(), total, ttl))
        marks = [i for i, (_, n, ttl) in enumerate(sums) if ttl and n >= self.least]
        read = self._hit(sums, marks, now)
        written, at = {"5m": 0, "1h": 0}, read
        for i in marks:
            key, n, ttl = sums[i]
            assert ttl
            if n > at:
                written[ttl] += n - at
                at = n
            life = 3600.0 if ttl == "1h" else 300.0
            self.entries[key] = (now + life, life)
        return {
            "input_tokens": total - at, "cache_read_input_tokens": read,
            "cache_creation_input_tokens": sum(written.values()),
            "cache_creation": {"ephemeral_5m_input_tokens": written["5m"], "ephemeral_1h_input_tokens": written["1h"]},
        }  # fmt: skip

    def _hit(self, sums: list[tuple[str, int, str | None]], marks: list[int], now: float) -> int:
        for i in reversed(marks):
            for j in range(i, max(-1, i - 20), -1):
                key, n, _ = sums[j]
                end, life = self.entries.get(key, (0.0, 0.0))
                if end > now:
                    self.entries[key] = (now + life, life)
                    return n
        return 0


def events(step: Step, usage: dict[str, Any], model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    "The stream of one message."
    out = sum(len(b.get("raw", b.get("text", ""))) for b in step.blocks) // 4 + 1
    message = {
        "id": "msg_loopback",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": model,
        "stop_reason": None,
        "stop_sequence": None,
    }
    yield "message_start", {"type": "message_start", "message": message | {"usage": usage | {"output_tokens": 1}}}
    yield "ping", {"type": "ping"}
    for i, block in enumerate(step.blocks):
        whole = block.get("raw", block.get("text", ""))
        start = (
            {"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}}
            if block["type"] == "tool_use"
            else {"type": block["type"], "text": ""}
        )
        kind = ("input_json_delta", "partial_json") if block["type"] == "tool_use" else ("text_delta", "text")
        yield "content_block_start", {"type": "content_block_start", "index": i, "content_block": start}
        for at in range(0, len(whole), step.chunk):
            yield (
                "content_block_delta",
                {
                    "type": "content_block_delta",
                    "index": i,
                    "delta": {"type": kind[0], kind[1]: whole[at : at + step.chunk]},
                },
            )
        yield "content_block_stop", {"type": "content_block_stop", "index": i}
    yield from step.extra_events
    yield (
        "message_delta",
        {
            "type": "message_delta",
            "delta": {"stop_reason": step.stop_reason, "stop_sequence": None},
            "usage": {"output_tokens": out},
        },
    )
    yield "message_stop", {"type": "message_stop"}


class Gone(Exception):
    "The client closed the connection."


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *args: Any) -> None: ...

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.home.connections += 1

    def nap(self, seconds: float) -> None:
        "Wait, and notice when the client leaves."
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.server.home.stopping.is_set():
            if select.select([self.connection], [], [], min(left, 0.05))[0] and not self.connection.recv(
                1, socket.MSG_PEEK
            ):
                raise Gone

    def do_POST(self) -> None:
        home = self.server.home
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        number, step = home.arrived(self.path, dict(self.headers), body)
        try:
            self.answer(step, json.loads(body))
        except (Gone, BrokenPipeError, ConnectionResetError):
            home.aborted.append(number)
            self.close_connection = True

    def head(self, step: Step, **headers: str) -> None:
        self.send_response(step.status)
        for k, v in (
            {"content-type": step.content_type, "request-id": "req_loopback"} | step.headers | headers
        ).items():
            self.send_header(k.replace("_", "-"), v)
        self.end_headers()

    def answer(self, step: Step, body: dict[str, Any]) -> None:
        self.nap(step.ttfb)
        if step.fault == "header_dribble":
            for byte in b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n" * 50:
                self.wfile.write(bytes([byte]))
                self.nap(step.delay or 0.05)
        if refused := self.server.home.bill.check(body):
            step = error(400, refused)
        if step.body is not None:
            self.head(step, content_length=str(len(step.body)))
            self.wfile.write(step.body)
            return
        usage = step.usage if step.usage is not None else self.server.home.bill(body)
        self.head(step, transfer_encoding="chunked")
        for k, (name, data) in enumerate(events(step, usage, body.get("model", ""))):
            self.nap(step.delay)
            if k == step.after and step.fault and not self.break_at(step, name, data):
                return
            self.send_chunk(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        if step.fault == "linger":
            for name, data in events(say("and more"), {}, ""):
                self.send_chunk(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
            self.nap(step.seconds)
        self.wfile.write(b"0\r\n\r\n")

    def send_chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def break_at(self, step: Step, name: str, data: dict[str, Any]) -> bool:
        "Do the scripted harm; True where the stream goes on."
        if step.fault == "reset":
            self.send_chunk(f"event: {name}\ndata: {json.dumps(data)[:20]}".encode())
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return False
        if step.fault == "truncate":
            self.wfile.write(b"0\r\n\r\n")
            return False
        if step.fault == "bad_json":
            self.send_chunk(f'event: {name}\ndata: {{"type": "content_blo\n\n'.encode())
        if step.fault == "sse_error":
            self.send_chunk(
                b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
            )
        if step.fault == "stall":
            self.nap(step.seconds)
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    home: Loopback

    def handle_error(self, request: Any, client_address: Any) -> None: ...


class Loopback:
    "The server; a context manager. `steps` may grow while it runs; `clock` measures the cache's lifetimes."

    def __init__(
        self, steps: Sequence[Script], *, clock: Callable[[], float] = time.monotonic, least: int = 1024
    ) -> None:
        self.steps, self.requests, self.aborted, self.connections = list(steps), list[Seen](), list[int](), 0
        self.bill, self.stopping, self._lock = CacheBill(clock, least), threading.Event(), threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.home = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def arrived(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Step]:
        with self._lock:
            number = len(self.requests)
            seen = Seen(path, {k.lower(): v for k, v in headers.items()}, body, json.loads(body), time.monotonic())
            self.requests.append(seen)
            step = self.steps[min(number, len(self.steps) - 1)]
            return number, step if isinstance(step, Step) else step(seen.body)

    def wait(self, what: Callable[[], object], seconds: float = 20.0) -> bool:
        "Wait until `what()` is true, such as `lambda: server.aborted`."
        end = time.monotonic() + seconds
        while not what() and time.monotonic() < end:
            time.sleep(0.005)
        return bool(what())

    def __enter__(self) -> Loopback:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
