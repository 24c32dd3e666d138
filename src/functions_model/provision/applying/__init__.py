"""Making it so."""
