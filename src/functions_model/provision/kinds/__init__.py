"""One file per kind of resource. Each has the same shape, see `functions_model.provision.kind`."""
