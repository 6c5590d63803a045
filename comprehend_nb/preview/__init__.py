"""Preview: what a cell would do, found by running it in a sandboxed copy of the live kernel that is thrown away.

The package is also the function: `comprehend_nb.preview(source, namespace)`.
"""

import sys
from types import ModuleType
from typing import Any

from comprehend_nb.preview.api import get_ready, preview, trials
from comprehend_nb.preview.reads import Restricted
from comprehend_nb.trial import CannotPreview

__all__ = ["CannotPreview", "Restricted", "get_ready", "preview", "trials"]


class _Room(ModuleType):
    def __call__(self, source: str, namespace: dict[str, Any], **more: Any) -> Any:
        return preview(source, namespace, **more)


sys.modules[__name__].__class__ = _Room
