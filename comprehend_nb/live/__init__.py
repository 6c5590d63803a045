"""Live state: what is alive in the kernel, bounded and redacted, without running anybody's code."""

from comprehend_nb.live.core import Budget, State, Variable, capture, describe

__all__ = ["Budget", "State", "Variable", "capture", "describe"]
