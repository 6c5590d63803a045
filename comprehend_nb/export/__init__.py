"The gate, then nbdev: a library staged beside the old one and swapped in whole, and the check that sees what went around it."

from comprehend_nb.export.run import FILE, ExportError, Exported, check, export, refusals

__all__ = ["FILE", "ExportError", "Exported", "check", "export", "refusals"]
