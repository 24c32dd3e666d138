"""What would fail in Azure, told here, with its line. Nothing of the user's is run, imported or unpickled."""
