"""Floor 1: the machine we run on behalf of: GitHub Actions, Azure Pipelines or a plain console."""
