"""Floor 5: plans and outcomes as text."""
