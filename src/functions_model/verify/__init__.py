"""Floor 4: proof that the app is live and runs this build."""
