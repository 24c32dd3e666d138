"""Floor 2: the files of the function app, as layer plans."""
