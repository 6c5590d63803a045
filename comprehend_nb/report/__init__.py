"""The report: how well a project is understood, by how many people, and where the risk is. Code is measured, people are never ranked."""
