"""Models: one honest proposal, one short answer, or one typed error. Each name here loads when it is used."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comprehend_nb.models.budget import Budget
    from comprehend_nb.models.choosing import choose
    from comprehend_nb.models.contract import Answer, Model, ModelError, Proposal, Request, Usage
    from comprehend_nb.models.review import missing, risks, unbound, validate

_HOME = {
    "comprehend_nb.models.budget": ("Budget",),
    "comprehend_nb.models.choosing": ("choose",),
    "comprehend_nb.models.contract": ("Answer", "Model", "ModelError", "Proposal", "Request", "Usage"),
    "comprehend_nb.models.review": ("missing", "risks", "unbound", "validate"),
}
__all__ = [
    "Answer",
    "Budget",
    "Model",
    "ModelError",
    "Proposal",
    "Request",
    "Usage",
    "choose",
    "missing",
    "risks",
    "unbound",
    "validate",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
