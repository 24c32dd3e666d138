"""Floor 2: inputs read, checked and completed into a `DeploymentSpec`."""
