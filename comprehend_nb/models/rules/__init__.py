"""The embedded proposer: rules that read the live objects, and no model. A module of rules registers its own when it loads."""

from . import code, data, errors, kinds, names, plain, tables, tests, usual, values
from .proposer import MOST_LINES, Rules, groups, step

__all__ = ["MOST_LINES", "Rules", "code", "data", "errors", "groups", "kinds", "names", "plain", "step", "tables", "tests", "usual", "values"]
