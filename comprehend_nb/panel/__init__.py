"""The kernel's side of a front end's panel: what it may look at, and what a person may do from it."""
