"""Azure App Service: a plan and its app, deployment slots and their swap."""
