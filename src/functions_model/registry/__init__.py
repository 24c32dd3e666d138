"""Floor 3: speaking the OCI distribution API to a container registry."""
