"A notebook in which a model may only hand you cells that you understand."

__version__ = "0.1.0"
