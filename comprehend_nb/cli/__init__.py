"The command line: thin faces over the rooms below."

from comprehend_nb.cli.arguments import main, parser

__all__ = ["main", "parser"]
