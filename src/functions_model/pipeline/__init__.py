"""Floor 5: the story of a run, in order."""
