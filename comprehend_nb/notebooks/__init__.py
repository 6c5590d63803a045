"Notebooks as nbdev reads them, and what git remembers of them; nothing is decided here."

from comprehend_nb.notebooks.reading import EXPORTING, Notebook, NotebookCell, NotebookError, Project, Reason, Words, directives, notebook_of, read_notebook

__all__ = ["EXPORTING", "Notebook", "NotebookCell", "NotebookError", "Project", "Reason", "Words", "directives", "notebook_of", "read_notebook"]
