"""A notebook in which a model may only hand you cells that you understand.

The public names are loaded when they are first used: importing this package must cost a kernel nothing.
"""

from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "capture": "live",
    "State": "live",
    "fingerprint": "cells",
    "standing": "session.standing",
    "explain": "explained",
    "preview": "preview",
    "ComprehendError": "errors",
}
__all__ = ["ComprehendError", "State", "capture", "explain", "fingerprint", "preview", "standing"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    "`%load_ext comprehend_nb`."
    from comprehend_nb.magics.loading import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    "`%unload_ext comprehend_nb`."
    from comprehend_nb.magics.loading import unload

    unload(shell)
