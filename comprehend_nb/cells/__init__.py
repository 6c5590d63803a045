"What a cell is: its statements, names, canonical form, fingerprint and closure; no kernel, no files."

from comprehend_nb.cells.cell import Cell, CellError, Definition, Kind, fingerprint, parse

__all__ = ["Cell", "CellError", "Definition", "Kind", "fingerprint", "parse"]
