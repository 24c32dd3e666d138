"""Images as values: file trees, layers, manifests, and their assembly. No network, no credentials."""
