"""What our model client adds to the time to the first token, and what its layout saves in money.

    python benchmarks/models.py [--json]

All over real HTTP against the scripted server on this machine. Time: against the bare SDK, the same body, in alternating
rounds; and from an interrupt to the moment the prompt is free again, whatever the server does. Money: against sending the
whole state each turn, plainly (the limit is of this) and in the cheapest way that marks what never changes, from the usage
fields that the server bills by the vendor's documented cache rules, at the shipped prices.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from loopback import Loopback, error, propose

from comprehend_nb.live import capture
from comprehend_nb.models import Budget, Proposal, Request
from comprehend_nb.models.anthropic_ import Anthropic
from comprehend_nb.models.prices import table
from comprehend_nb.policy import Personal
from comprehend_nb.prompt import Layout, Prompt

ANSWER = propose(
    "x = 1  # " + "a" * 180, intent="Take one small step of about two hundred and fifty tokens. " * 10
)  # about 250 tokens of output
MODEL = "claude-sonnet-5-5"


def namespace(n: int, seed: int = 1) -> dict[str, Any]:
    "`n` variables as an analysis has them: tables, arrays, lists, records, texts, numbers, functions."
    import numpy as np
    import pandas as pd

    draw, rng = random.Random(seed), np.random.default_rng(seed)

    def make(i: int) -> Any:
        kinds = [
            lambda: pd.DataFrame({f"c{k}": rng.normal(size=50) for k in range(draw.randint(2, 6))}),
            lambda: rng.normal(size=(draw.randint(2, 90), 4)),
            lambda: [draw.random() for _ in range(draw.randint(3, 40))],
            lambda: {f"key{k}": draw.randint(0, 999) for k in range(draw.randint(2, 9))},
            lambda: "a text of some length " * draw.randint(1, 5),
            lambda: draw.randint(0, 10**6),
        ]
        return kinds[i % len(kinds)]()

    return {f"variable_{i}": make(i) for i in range(n)}


def personal(url: str) -> Personal:
    price = table()[1][MODEL]
    own = {k: getattr(price, k) for k in ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")}
    return Personal(base_url=url, deadline=60.0, prices={MODEL: own})


def budget() -> Budget:
    return Budget(session_usd=None, path=Path(tempfile.mkdtemp()) / "spent.json")


def change(values: dict[str, Any], turn: int, n: int = 3) -> None:
    "Rebind `n` variables, as running a cell or two does."
    draw = random.Random(turn)
    for name in draw.sample(sorted(values), n):
        values[name] = [draw.random() for _ in range(8)]


def first_token(rounds: int = 40, variables: int = 100) -> dict[str, float]:
    "Milliseconds to the first piece of the answer, medians: bare SDK, ours from a captured state, ours with it."
    import anthropic

    values, bare, ours, both = namespace(variables), [], [], []
    with Loopback([ANSWER]) as server:
        model = Anthropic(personal(server.url), MODEL, budget=budget())
        client = anthropic.Anthropic(api_key="none", base_url=server.url, max_retries=0)
        for turn in range(rounds + 3):
            change(values, turn)
            start = time.perf_counter()
            request = Request("take the next step", state=capture(values), cells=(f"x = {turn}",), look=no_look)
            captured = time.perf_counter()
            begun: list[float] = []
            model.ask(
                request, progress=lambda t, begun=begun: begun.append(time.perf_counter()) if t == "answering" else None
            )
            body = json.loads(model.sent)
            again = time.perf_counter()
            with client.messages.stream(**body) as stream:
                for event in stream:
                    if event.type in ("input_json", "text"):
                        bare.append(time.perf_counter() - again)
                        break
            ours.append(begun[0] - captured)
            both.append(begun[0] - start)
    ms = {k: 1e3 * statistics.median(v[3:]) for k, v in {"bare": bare, "ours": ours, "with capture": both}.items()}
    return ms | {"overhead": ms["ours"] - ms["bare"], "overhead with capture": ms["with capture"] - ms["bare"]}


def no_look(name: str, given: Any) -> str:
    "The tools for looking closer are offered, as they are in a kernel, and not used."
    return ""


class Whole(Prompt):
    "The peer: the whole state each turn, after a system prompt that is cached."

    def lay_out(self, request: Request, form: Any = "tool", **more: Any) -> Layout:
        self.blocks = []
        return super().lay_out(request, form, **more)


class WholePlain(Whole):
    "The same, with nothing marked for the cache: how a whole state is mostly sent."

    def lay_out(self, request: Request, form: Any = "tool", **more: Any) -> Layout:
        whole = super().lay_out(request, form, **more)
        return _Plain(whole.blocks, whole.tail, whole.form, whole.looks)


class _Plain(Layout):
    def body(self, *, caching: bool = True) -> dict[str, Any]:
        return super().body(caching=False)


class WholeUnmarked(Whole):
    "The same, with a breakpoint on the system prompt only: marking a state that changes costs more than it saves."

    def lay_out(self, request: Request, form: Any = "tool", **more: Any) -> Layout:
        whole = super().lay_out(request, form, **more)
        return _Unmarked(whole.blocks, whole.tail, whole.form, whole.looks)


class _Unmarked(Layout):
    def body(self, *, caching: bool = True) -> dict[str, Any]:
        body = super().body(caching=caching)
        for block in body["messages"][0]["content"]:
            block.pop("cache_control", None)
        return body


def cost(prompt: Prompt, turns: int = 40, variables: int = 100, seed: int = 7) -> dict[str, float]:
    "US dollars and tokens of a session: three variables change each turn, and 15 of 100 pauses last 5 to 25 minutes."
    now, draw, values = 0.0, random.Random(seed), namespace(variables)
    total = dict.fromkeys(("usd", "input", "read", "written", "output"), 0.0)
    with Loopback([ANSWER], clock=lambda: now) as server:
        model = Anthropic(personal(server.url), MODEL, budget=budget(), prompt=prompt)
        for turn in range(turns):
            change(values, 1000 + turn)
            got = model.ask(
                Request("take the next step", state=capture(values), cells=(f"x = {turn}", f"y = {turn}"), look=no_look)
            )
            assert isinstance(got, Proposal)
            u = got.usage
            for name, n in zip(
                total,
                (u.usd or 0.0, u.input_tokens, u.cache_read_tokens, u.cache_write_tokens, u.output_tokens),
                strict=True,
            ):
                total[name] += n
            now += draw.uniform(300, 1500) if draw.random() < 0.15 else draw.uniform(20, 200)
    return total | {"rebases": prompt.rebases}


SLOW: dict[str, Any] = {
    "no first byte": ANSWER.but(ttfb=30),
    "silence in the stream": ANSWER.but(fault="stall", seconds=30),
    "a dribble": ANSWER.but(delay=0.2),
    "a dribbled header": ANSWER.but(fault="header_dribble", delay=0.1),
    "busy, asks to wait": error(529, headers={"retry-after": "15"}),
}


def interrupted(rounds: int = 4) -> dict[str, float]:
    "Seconds from a Ctrl-C to the end of `ask`, the longest for each way of being slow; and from asking to the first word said."
    longest: dict[str, float] = {}
    for name, step in SLOW.items():
        with Loopback([step]) as server:
            model = Anthropic(personal(server.url), MODEL, budget=budget())
            for i in range(rounds):
                at: list[float] = []

                def stop(at: list[float] = at, i: int = i, server: Loopback = server) -> None:
                    server.wait(lambda: len(server.requests) > i)
                    time.sleep(0.3)
                    at.append(time.perf_counter())
                    os.kill(os.getpid(), signal.SIGINT)

                threading.Thread(target=stop, daemon=True).start()
                said: list[float] = []
                begun = time.perf_counter()
                try:
                    model.ask(
                        Request("x", namespace={}), progress=lambda t, said=said: said.append(time.perf_counter())
                    )
                except KeyboardInterrupt:
                    longest[name] = max(longest.get(name, 0.0), time.perf_counter() - at[0])
                longest["first word"] = max(longest.get("first word", 0.0), said[0] - begun)
    return longest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    os.environ.pop("ANTHROPIC_API_KEY", None)
    as_json = parser.parse_args().json
    time_ms, stops = first_token(), interrupted()
    sessions = {
        "only what changed (ours)": cost(Prompt()),
        "whole state, plain": cost(WholePlain()),
        "whole, system marked": cost(WholeUnmarked()),
        "whole, all marked": cost(Whole()),
    }
    ours, plain, *peers = (c["usd"] for c in sessions.values())
    ratios = {
        "of the whole state sent each turn": ours / plain,
        "of the cheapest way to send it whole": ours / min(plain, *peers),
    }
    holds = time_ms["overhead"] <= 20 and ours / plain <= 0.4 and max(stops.values()) <= 0.5
    if as_json:
        print(
            json.dumps(
                {
                    "first_token_ms": time_ms,
                    "interrupted_s": stops,
                    "sessions": sessions,
                    "ratios": ratios,
                    "holds": holds,
                }
            )
        )
        return 0 if holds else 1
    print("time to the first token, state of 100 variables, medians of 40 rounds (ms)")
    print(
        f"  bare SDK {time_ms['bare']:.1f}   ours {time_ms['ours']:.1f}   overhead {time_ms['overhead']:.1f} (at most 20)"
        f"   with the capture {time_ms['overhead with capture']:.1f}"
    )
    print("from an interrupt to a free prompt, the longest of 4 each (ms; at most 500); first word said (at most 1000)")
    print("  " + "   ".join(f"{k} {1e3 * v:.0f}" for k, v in stops.items()))
    print("a session of 40 turns, 100 variables, 3 changes a turn")
    for name, c in sessions.items():
        print(
            f"  {name:26} ${c['usd']:.4f}   input {c['input']:>7.0f}   read {c['read']:>7.0f}"
            f"   written {c['written']:>7.0f}   output {c['output']:>6.0f}"
        )
    print("  " + ", ".join(f"{v:.3f} {k}" for k, v in ratios.items()) + " (at most 0.40 of the first)")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
