"A panel without a screen: it opens the two comms as a browser does, asks, and uses tickets."

from __future__ import annotations

import time
from typing import Any

from kernel_support import Driver

from comprehend_nb.panel.protocol import ASK, PUSH, SOURCE, VERSION

PATIENCE = 60.0


class Refused(Exception):
    "The kernel said no; `.kind` says of which kind."

    def __init__(self, no: dict[str, Any]) -> None:
        super().__init__(no["what"])
        self.kind, self.remedy = no.get("kind", "fault"), no.get("remedy", "")


class Panel:
    "What a panel does, over one client of a kernel; `capability` is what the kernel gave that client, if anything."

    def __init__(self, client: Any, subshell: str | None = None) -> None:
        self.client, self.subshell, self.capability, self.n = client, subshell, "", 0
        self.ask_id, self.push_id = self._open(ASK), self._open(PUSH)

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        message = self.client.session.msg(kind, content)
        if self.subshell:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def _open(self, target: str) -> str:
        name = self.client.session.msg_id
        self._send("comm_open", {"comm_id": name, "target_name": target, "data": {}})
        return name

    def heard(self, comm: str, n: int | None = None, seconds: float = PATIENCE) -> dict[str, Any]:
        "The next message on a comm, or the answer to question `n`."
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.client.get_iopub_msg(timeout=left)
            except Exception:
                break
            content = message["content"]
            if (
                content.get("comm_id") == comm
                and message["msg_type"] == "comm_msg"
                and n in (None, content["data"].get("n"))
            ):
                return dict(content["data"])
            if content.get("comm_id") == comm and message["msg_type"] == "comm_close":
                return {"closed": True}
        raise TimeoutError("the kernel did not answer")

    def ask(self, kind: str, **more: Any) -> Any:
        self.n += 1
        self._send("comm_msg", {"comm_id": self.ask_id, "data": {"n": self.n, "v": VERSION, "q": {"ask": kind} | more}})
        data = self.heard(self.ask_id, self.n)
        if "no" in data:
            raise Refused(data["no"])
        return data["ok"]

    def ticket(self, do: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("ticket", capability=self.capability, act={"do": do} | more)
        return found

    def act(self, driver: Driver, do: str, at: str = "", **more: Any) -> dict[str, Any]:
        "Do it, and what became of it."
        line = self.ticket(do, **more)["line"]
        return done_of(driver, line, at) if line else {"ok": True}


def done_of(driver: Driver, line: str, cell: str = "") -> dict[str, Any]:
    driver.said = driver.run(line, cell)
    found = [p["done"] for p in driver.payload if p.get("source") == SOURCE and "done" in p]
    return {"ok": True} | found[0] if found else {}


def capability_of(driver: Driver) -> str:
    "What the latest reply gave, if anything."
    return next((p["capability"] for p in driver.payload if p.get("source") == SOURCE and "capability" in p), "")
