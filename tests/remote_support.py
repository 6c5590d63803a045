"A kernel on another machine, spoken to as a front end does: over HTTP and a websocket, with a token."

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import websocket


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def asked(url: str, method: str = "GET", body: Any = None, token: str = "") -> Any:
    "The JSON that an API answers."
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        url, json.dumps(body).encode() if body is not None else None, headers, method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        text = answer.read()
        return json.loads(text) if text.strip() else answer.status


@contextmanager
def serving(
    command: list[str], ready: str, token: str, folder: Path, env: Mapping[str, str], seconds: float = 180.0
) -> Iterator[Path]:
    "A server process; inside the block it answers at the address `ready`. Its log is a file in `folder`."
    log = folder / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=folder, env=dict(env), stdout=out, stderr=out, start_new_session=True)
        try:
            until = time.monotonic() + seconds
            while True:
                assert server.poll() is None and time.monotonic() < until, log.read_text()[-3000:]
                try:
                    asked(ready, token=token)
                    break
                except (OSError, urllib.error.URLError):
                    time.sleep(0.2)
            yield log
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


class Client:
    "The part of a kernel client that a panel uses, over a websocket."

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.session = self.shell_channel = self

    @property
    def msg_id(self) -> str:
        return uuid.uuid4().hex

    def msg(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        return {
            "header": self.remote.header(kind),
            "parent_header": {},
            "metadata": {},
            "content": content,
            "msg_type": kind,
        }

    def send(self, message: dict[str, Any]) -> None:
        self.remote.socket.send(
            json.dumps({k: v for k, v in message.items() if k != "msg_type"} | {"channel": "shell", "buffers": []})
        )

    def get_iopub_msg(self, timeout: float) -> dict[str, Any]:
        self.remote.socket.settimeout(max(timeout, 0.1))
        while True:
            message: dict[str, Any] = json.loads(self.remote.socket.recv())
            if message["channel"] == "iopub":
                return message | {"msg_type": message["header"]["msg_type"]}


class Remote:
    "A kernel of the server at `url`, for the notebook at `path` there, or for none; `run` gives what a person would read, `handed` what came back as a cell."

    def __init__(self, url: str, token: str, name: str = "python3", path: str = "") -> None:
        self.url, self.token, self.handed, self.payload = url.rstrip("/"), token, "", []
        self.client = Client(self)
        if path:
            session = {"path": path, "name": path.rpartition("/")[2], "type": "notebook", "kernel": {"name": name}}
            self.id = asked(f"{self.url}/api/sessions", "POST", session, token)["kernel"]["id"]
        else:
            self.id = asked(f"{self.url}/api/kernels", "POST", {"name": name}, token)["id"]
        address = f"ws{self.url.removeprefix('http')}/api/kernels/{self.id}/channels?session_id={uuid.uuid4().hex}"
        self.socket = websocket.create_connection(
            address, header=[f"Authorization: token {token}"], timeout=180, http_no_proxy=["127.0.0.1"]
        )

    @staticmethod
    def header(kind: str) -> dict[str, Any]:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return {
            "msg_id": uuid.uuid4().hex,
            "username": "anybody",
            "session": "s",
            "msg_type": kind,
            "version": "5.3",
            "date": now,
        }

    def run(self, code: str, cell: str = "", *, person: bool = True, username: str = "anybody") -> str:
        header = self.header("execute_request") | {"username": username}
        sent = header["msg_id"]
        self.socket.settimeout(180)
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": person,
            "stop_on_error": True,
        }
        metadata = {"cellId": cell} if cell else {}
        self.socket.send(
            json.dumps(
                {
                    "header": header,
                    "parent_header": {},
                    "metadata": metadata,
                    "content": content,
                    "channel": "shell",
                    "buffers": [],
                }
            )
        )
        shown, replied, idle = [], False, False
        while not (replied and idle):
            message = json.loads(self.socket.recv())
            if message.get("parent_header", {}).get("msg_id") != sent:
                continue
            kind, said = message["header"]["msg_type"], message["content"]
            if kind == "stream":
                shown.append(said["text"])
            elif kind in ("execute_result", "display_data"):
                shown.append(said["data"].get("text/plain", ""))
            elif kind == "error":
                shown.append("\n".join(said["traceback"]))
            elif kind == "execute_reply":
                replied, self.payload = True, said.get("payload") or []
                self.handed = next((p["text"] for p in self.payload if "text" in p), "")
            idle |= kind == "status" and said["execution_state"] == "idle"
        return "".join(shown)

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()
        with suppress(OSError):
            asked(f"{self.url}/api/kernels/{self.id}", "DELETE", token=self.token)
