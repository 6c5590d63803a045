"""Live state: what is alive in the kernel, bounded and redacted, without running anybody's code."""

from comprehend_nb.live.capture import Budget, capture, describe
from comprehend_nb.live.state import State, Variable

__all__ = ["Budget", "State", "Variable", "capture", "describe"]
