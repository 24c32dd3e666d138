"""One module per kind of resource: how it is read, compared and written."""
