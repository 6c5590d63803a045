"""How a team works with the gate: setting a project up, hooks before a commit and a job at a pull request, and its one page."""
