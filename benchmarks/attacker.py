"""An attacker that sees questions and options and nothing else, and what it does to items that are known to be bad.

It learns from other people's items (those of four fifths of the scripts) and is tried on the rest, so that all are tried once.

- A choice: each option is described by its form, length, digits, rank, distance to the others, whether others are its double, half, neighbour or
  opposite, whether its numbers stand in the question, and by the kind of change that is asked about; two learners, the better of them counts.
- A typed answer: numbers, texts and lists of the question, sums and products of them, and the commonest answers to like questions, each weighted by how
  often it was right before for this thing that is asked and this kind of change.

Known-bad items are made from the same answers: the truth among values made from it (one more, one less, twice, half, its opposite), and questions that hold
their answer. An attacker that does not see through those is too weak to say anything about ours.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from comprehend_nb.checks import Item
from comprehend_nb.checks.grading import numbers

Drawn = tuple[str, Item]  # the script that it is from, and the item
FOLDS = 5


def _folds(items: list[Drawn]) -> Iterator[tuple[list[Item], list[int]]]:
    "What is learned from, and which are tried, by script."
    names = sorted({n for n, _ in items})
    random.Random(1).shuffle(names)
    fold = {n: k % FOLDS for k, n in enumerate(names)}
    for k in range(FOLDS):
        yield [i for n, i in items if fold[n] != k], [at for at, (n, _) in enumerate(items) if fold[n] == k]


# --- a choice


def _float(text: str) -> float:
    try:
        x = float(text)
    except ValueError:
        return math.nan
    return x if math.isfinite(x) else math.nan


def _apart(a: float, b: float) -> float:
    return abs(a - b) / (abs(a) + abs(b) + 1e-12)


def _option(item: Item, at: int) -> dict[str, float]:
    "What can be said of one option beside the others."
    form, text = item.options[at]
    texts, values = [v for _, v in item.options], [_float(v) for _, v in item.options]
    x, others = values[at], [v for k, v in enumerate(values) if k != at and v == v]
    op, template = str(item.spec.get("op")), re.sub(r"'.*?'|\d+", "_", item.template)
    seen: dict[str, float] = {
        f"form {form}": 1, f"template {template}": 1, f"at {at}": 1, "length": len(text), "length rank": sorted(map(len, texts)).index(len(text)),
        "digits": len(re.sub(r"\D", "", text).strip("0")), "begins alike": sum(t[:3] == text[:3] for t in texts),
    }  # fmt: skip
    if x != x or not others:
        return seen
    known = sorted([x, *others])
    central = sorted(known, key=lambda v: sum(_apart(v, w) for w in known))
    near = (2 * x, x / 2, -x, x + 1, x - 1, 3 * x, x / 3)
    size = math.floor(math.log10(abs(x) + 1e-12))
    return seen | {
        f"{op} rank {known.index(x)}": 1, f"{op} central {central.index(x)}": 1, f"rank {known.index(x)}": 1, f"central {central.index(x)}": 1,
        "negative": x < 0, "whole": abs(x) < 1e15 and x == int(x), "zero": x == 0, "nearest": min(_apart(x, v) for v in others), "size": size,
        "apart": sum(_apart(x, v) for v in others) / len(others), "explains": sum(any(_apart(v, n) < 1e-9 for n in near) for v in others),
        "alike in size": sum(math.floor(math.log10(abs(v) + 1e-12)) == size for v in others), "asked with": any(_apart(x, n) < 1e-9 for n in numbers(item.question)),
    }  # fmt: skip


def choices(items: list[Drawn]) -> list[bool]:
    "Which of these choices are guessed, by the better of two learners."
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    learners: list[Callable[[], Any]] = [
        lambda: LogisticRegression(C=0.3, max_iter=1000),
        lambda: HistGradientBoostingClassifier(max_iter=80, max_depth=4),
    ]
    return max((_chosen(items, learner) for learner in learners), key=sum)


def _chosen(items: list[Drawn], learner: Callable[[], Any]) -> list[bool]:
    from sklearn.feature_extraction import DictVectorizer

    hits = [False] * len(items)
    for train, test in _folds(items):
        table = DictVectorizer(sparse=False)
        rows = table.fit_transform([_option(i, k) for i in train for k in range(len(i.options))])
        model = learner().fit(rows, [o == (i.form, i.value) for i in train for o in i.options])
        for at in test:
            item = items[at][1]
            odds = model.predict_proba(table.transform([_option(item, k) for k in range(len(item.options))]))[:, 1]
            hits[at] = item.right("abcd"[int(odds.argmax())])
    return hits


# --- a typed answer

_ONE: dict[str, Callable[[float], float]] = {
    "": lambda n: n, "+1": lambda n: n + 1, "-1": lambda n: n - 1, "x2": lambda n: 2 * n, "/2": lambda n: n / 2, "x3": lambda n: 3 * n, "squared": lambda n: n * n, "-": lambda n: -n,
}  # fmt: skip


def _candidates(item: Item) -> dict[str, str]:
    "Answers that the question suggests, by the rule that finds them."
    found = [n for n in numbers(" ".join(re.findall(r"`[^`]*`", item.question))) if abs(n) < 1e9][:8]
    out: dict[str, str] = {}
    for at, n in enumerate(found):
        for place in (at, at - len(found)):
            out |= {f"number {place}{name}": f"{rule(n):g}" for name, rule in _ONE.items()}
        for before, m in enumerate(found[:at]):
            out |= {
                f"{before}+{at}": f"{m + n:g}",
                f"{before}-{at}": f"{m - n:g}",
                f"{before}*{at}": f"{m * n:g}",
                f"{before}x{at}": f"{m:g}x{n:g}",
            }
    out |= {f"list {k}": t for k, t in enumerate(re.findall(r"\[[^\[\]]*\]", item.question)[:2])}
    out |= {f"text {k}": t for k, t in enumerate(re.findall(r"'([^']*)'", item.question)[:4])}
    if m := re.search(r"with `(.*?)` in place of `(.*?)`", item.question):
        new = [n for n in numbers(m[1]) if n not in numbers(m[2])]
        out |= {f"new{name}": f"{rule(new[0]):g}" for name, rule in _ONE.items()} if new else {}
    return out


def _like(item: Item) -> list[tuple[str, ...]]:
    "What questions are alike in, from coarse to fine."
    how = re.search(r"\((as in|to three|its elements|a name)", item.question)
    template = re.sub(r"\[.*?\]|'.*?'|\d+", "_", item.template)
    return [
        ("all",),
        (how[1] if how else "",),
        (template,),
        (template, str(item.spec.get("op") or item.spec.get("how"))),
    ]


def typed(items: list[Drawn]) -> list[bool]:
    "Which of these answers are guessed."
    hits = [False] * len(items)
    for train, test in _folds(items):
        rules: dict[tuple[Any, str], list[int]] = defaultdict(lambda: [0, 0])
        common: dict[Any, Counter[str]] = defaultdict(Counter)
        for item in train:
            suggested = {name: item.right(text) for name, text in _candidates(item).items()}
            for like in _like(item):
                common[like][item.value] += 1
                for name, right in suggested.items():
                    rules[like, name][0] += right
                    rules[like, name][1] += 1
        for at in test:
            item = items[at][1]
            hits[at] = item.right(max(_weighed(item, rules, common), default=(0.0, "0"))[1])
    return hits


def _weighed(
    item: Item, rules: dict[tuple[Any, str], list[int]], common: dict[Any, Counter[str]]
) -> Iterator[tuple[float, str]]:
    for like in _like(item):
        if (n := common[like].total()) >= 6:
            yield from ((c / (n + 2), text) for text, c in common[like].most_common(3))
            for name, text in _candidates(item).items():
                right, tried = rules[like, name]
                if tried >= 5:
                    yield right / (tried + 2), text


# --- known-bad items


def tweaked(items: list[Drawn], rng: random.Random) -> list[Drawn]:
    "The same answers as choices between the truth and values made from it."
    out = []
    for name, item in items:
        x = _float(item.value)
        if item.form in ("number", "float") and abs(x) < 1e9:
            made = list(dict.fromkeys(f"{v:g}" for v in (x + 1, x - 1, 2 * x, -x, x / 2) if f"{v:g}" != f"{x:g}"))[:3]
            options = [(item.form, v) for v in [f"{x:g}", *made]]
            rng.shuffle(options)
            out += [(name, replace(item, value=f"{x:g}", options=tuple(options)))] if len(options) == 4 else []
    return out


def told(items: list[Drawn]) -> list[Drawn]:
    "The same answers, typed, each in a question that holds it: a shape, a length or a list that stands in the changed code."
    bad = [(n, i) for n, i in items if i.form in ("number", "shape", "list")]
    return [
        (
            n,
            replace(
                i,
                question=i.question.replace("`", "", 1).replace("`", f" with `{i.value}` in place of `x`", 1),
                options=(),
            ),
        )
        for n, i in bad
    ]
