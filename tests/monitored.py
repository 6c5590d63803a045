"""What Python 3.11 lacks of `sys.monitoring`, made of `sys.setprofile`: enough to try there what a kernel does with the calls it sees.

For a test's kernel alone: it makes every call slow, which is why the product does not do so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType, SimpleNamespace
from typing import Any


class Monitoring:
    "One tool, and starts of functions."

    events = SimpleNamespace(PY_START=1)
    DISABLE = object()

    def __init__(self) -> None:
        self.tools: dict[int, str] = {}
        self.watched: dict[int, CodeType] = {}
        self.started: Callable[[CodeType, int], object] | None = None

    def use_tool_id(self, number: int, name: str) -> None:
        if number in self.tools:
            raise ValueError(number)
        self.tools[number] = name

    def free_tool_id(self, number: int) -> None:
        del self.tools[number]

    def get_tool(self, number: int) -> str | None:
        return self.tools.get(number)

    def register_callback(self, number: int, event: int, called: Callable[[CodeType, int], object] | None) -> None:
        self.started = called
        sys.setprofile(self.hook if called else None)

    def set_local_events(self, number: int, code: CodeType, events: int) -> None:
        self.watched[id(code)] = code
        if not events:
            del self.watched[id(code)]

    def hook(self, frame: FrameType, event: str, arg: Any) -> None:
        code = frame.f_code
        if event == "call" and id(code) in self.watched and self.started and self.started(code, 0) is self.DISABLE:
            del self.watched[id(code)]


def install() -> None:
    "Put it where Python 3.12 has its own."
    if not hasattr(sys, "monitoring"):
        sys.monitoring = Monitoring()
