"""Who may what: the roles of the app, the rights of the login, the networks in between, registries."""
