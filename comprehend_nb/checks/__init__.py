"""Checks: questions about a cell whose answers came from running it. Each name here loads when it is used."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comprehend_nb.checks.grading import matches
    from comprehend_nb.checks.items import KINDS, Counterfactual, Item, Kind, Predict
    from comprehend_nb.checks.pool import CannotAsk, Pool, Runner, explore
    from comprehend_nb.checks.subject import Subject, subject_of

_HOME = {
    "comprehend_nb.checks.grading": ("matches",),
    "comprehend_nb.checks.items": ("KINDS", "Counterfactual", "Item", "Kind", "Predict"),
    "comprehend_nb.checks.pool": ("CannotAsk", "Pool", "Runner", "explore"),
    "comprehend_nb.checks.subject": ("Subject", "subject_of"),
}
__all__ = [
    "KINDS",
    "CannotAsk",
    "Counterfactual",
    "Item",
    "Kind",
    "Pool",
    "Predict",
    "Runner",
    "Subject",
    "explore",
    "matches",
    "subject_of",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
