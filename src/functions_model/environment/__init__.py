"""Floor 2: the dependencies: read, resolved to a lock, installed for the image's platform."""
