"""Floor 3: a container engine: a Dockerfile written, its context written, the part below the app built."""
