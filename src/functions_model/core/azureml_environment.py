"""What an Azure ML environment may say: https://learn.microsoft.com/azure/machine-learning/reference-yaml-environment."""

from __future__ import annotations

KEYS = (
    *("$schema", "name", "version", "description", "tags", "properties", "image", "conda_file", "build", "os_type"),
    "inference_config",
)
UNUSED = {
    "image": "a function app runs on a Functions base image, see `base-image`. What else that image holds is not there",
    "inference_config": "the Functions host has routes of its own",
}
"""Keys that mean nothing to a function app, and why, as a clause."""
BUILDS = "it builds an image of its own (`build`), and a function app needs a Functions base image"
"""What is wrong with the key `build`."""
INSTEAD_OF_BUILD = "Name the dependencies with `conda_file`, and a base image of your own in the input `base-image`."
