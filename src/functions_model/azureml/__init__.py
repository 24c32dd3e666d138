"""Floor 4: registered models and environments of an Azure ML workspace, as files on this machine."""
