"A server on loopback in place of GitHub: the comments of one pull request, and what a script says that goes wrong."

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "ghs_" + "Zq8" * 12
BOT = {"login": "github-actions[bot]", "type": "Bot"}
PERSON = {"login": "mallory", "type": "User"}


class GitHub:
    """`comments` by id; `script` holds what the next requests meet: a status, "lost" (done, but the answer never arrives) or "redirect".

    Pages hold `per_page` comments, whatever is asked for: there are always several.
    """

    def __init__(self, script: list[int | str] | None = None, per_page: int = 3) -> None:
        self.comments: dict[int, dict[str, Any]] = {}
        self.script, self.per_page = list(script or []), per_page
        self.seen: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        self.elsewhere = 0
        self._last = 100

    def add(self, body: str, user: dict[str, str] = BOT) -> int:
        self._last += 1
        self.comments[self._last] = {"id": self._last, "body": body, "user": user}
        return self._last

    @property
    def bodies(self) -> list[str]:
        return [c["body"] for c in self.comments.values()]

    @property
    def wrote(self) -> list[str]:
        return [method for method, _ in self.seen if method != "GET"]

    def __enter__(self) -> GitHub:
        github = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def answer(self, status: int, data: Any = None, **headers: str) -> None:
                body = json.dumps(data).encode() if data is not None else b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                github.tokens.add(self.headers.get("Authorization", ""))
                if self.path.startswith("/elsewhere"):
                    github.elsewhere += 1
                    return self.answer(200, [])
                github.seen.append((self.command, self.path))
                turn = github.script.pop(0) if github.script else None
                if isinstance(turn, int):
                    return self.answer(turn, {"message": "scripted"}, Retry_After="0")
                if turn == "redirect":
                    return self.answer(302, Location=f"{github.url}/elsewhere")
                status, data, headers = github.act(self.command, self.path, body)
                if turn == "lost":
                    self.connection.close()
                    return None
                return self.answer(status, data, **headers)

            do_GET = do_POST = do_PATCH = do_DELETE = do

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def act(self, method: str, path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        if m := re.fullmatch(r"/repos/us/shop/issues/7/comments(?:\?(.*))?", path):
            if method == "POST":
                made = self.add(body["body"])
                return 201, self.comments[made], {}
            page = int(dict(p.split("=") for p in (m[1] or "").split("&") if p).get("page", 1))
            there = list(self.comments.values())
            more = (
                {"Link": f'<{self.url}/repos/us/shop/issues/7/comments?page={page + 1}>; rel="next"'}
                if page * self.per_page < len(there)
                else {}
            )
            return 200, there[(page - 1) * self.per_page : page * self.per_page], more
        if (m := re.fullmatch(r"/repos/us/shop/issues/comments/(\d+)", path)) and int(m[1]) in self.comments:
            if method == "DELETE":
                del self.comments[int(m[1])]
                return 204, None, {}
            if method == "PATCH":
                self.comments[int(m[1])]["body"] = body["body"]
                return 200, self.comments[int(m[1])], {}
        return 404, {"message": "Not Found"}, {}

    def environ(self) -> dict[str, str]:
        "What a job for pull request 7 finds in its environment."
        return {"GITHUB_ACTIONS": "true", "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": "us/shop",
                "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": "0123456789abcdef"}  # fmt: skip
