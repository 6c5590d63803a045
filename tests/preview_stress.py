"""The live kernel beside previews: a subshell asks while the main thread multiplies matrices, and the other way round."""

from __future__ import annotations

import ast
import time
from typing import Any

from comprehend_nb.demo.headless import Kernel

BUSY = """
import threading, numpy as np
from comprehend_nb.preview import preview, CannotPreview
A = np.random.default_rng(0).random((400, 400)); go, said = threading.Event(), []
def work(seconds):
    import time
    end = time.monotonic() + seconds
    while not go.is_set() and time.monotonic() < end: A @ A
def ask():
    try: said.append(preview("1", get_ipython().user_ns).ok)
    except CannotPreview as e: said.append(str(e))
"""


class Line:
    "Requests to a kernel without waiting for the reply, to its main shell or to a subshell."

    def __init__(self, kernel: Kernel) -> None:
        self.client = kernel.client
        self.early: dict[str, dict[str, Any]] = {}

    def send(self, code: str, subshell: str | None = None) -> str:
        message = self.client.session.msg(
            "execute_request", {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        )
        message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def reply(self, msg_id: str, seconds: float = 60.0) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while msg_id not in self.early and time.monotonic() < end:
            found = self.client.get_shell_msg(timeout=max(0.1, end - time.monotonic()))
            self.early[str(found["parent_header"].get("msg_id"))] = dict(found["content"])
        if msg_id not in self.early:
            raise TimeoutError("the kernel does not answer")
        return self.early.pop(msg_id)

    def control(self, kind: str, seconds: float = 30.0) -> dict[str, Any]:
        "A question on the control channel, which a frozen kernel does not answer."
        message = self.client.session.msg(kind, {})
        self.client.control_channel.send(message)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.client.get_control_msg(timeout=max(0.1, end - time.monotonic()))
            if found["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return dict(found["content"])
        raise TimeoutError("the kernel does not answer on its control channel")

    def value(self, expression: str, subshell: str | None = None) -> str:
        "The text of an expression."
        message = self.client.session.msg(
            "execute_request", {"code": "", "silent": True, "user_expressions": {"x": expression}, "allow_stdin": False}
        )
        message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return str(self.reply(message["header"]["msg_id"])["user_expressions"]["x"]["data"]["text/plain"])


def beside_blas(kernel: Kernel, rounds: int) -> tuple[int, int, list[str]]:
    "(asked from a subshell while the main thread works, asked on the main thread while a subshell works, every distinct answer)"
    line = Line(kernel)
    line.reply(line.send(BUSY))
    subshell = line.control("create_subshell_request")["subshell_id"]
    asked = [0, 0]
    for k in range(rounds):
        worker, asker = (None, subshell) if k % 2 == 0 else (subshell, None)
        line.reply(line.send("go.clear()", asker))
        running = line.send("work(30)", worker)
        time.sleep(0.01)
        line.reply(line.send("ask()", asker))
        line.control("kernel_info_request")
        line.reply(line.send("go.set()", asker))
        assert line.reply(running)["status"] == "ok"
        asked[k % 2] += 1
    return asked[0], asked[1], sorted(set(ast.literal_eval(line.value("[str(s) for s in said]"))))
