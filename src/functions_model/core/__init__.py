"""The nouns that every other room speaks in. Nothing here does any I/O."""
