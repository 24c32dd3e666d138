"""Floor 4: what is wanted, what is there, the difference, and making it so."""
