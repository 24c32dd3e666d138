"""Azure Container Registry's data plane: logins, the OCI distribution API, and content on disk."""
