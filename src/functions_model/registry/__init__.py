"""Floor 3: speaking the OCI distribution API to a container registry."""

from functions_model.registry.pull import find_manifest, pull_base
from functions_model.registry.push import BlobTransfer, PushedImage, push_image
from functions_model.registry.upload import BlobProgress, How

__all__ = ["BlobProgress", "BlobTransfer", "How", "PushedImage", "find_manifest", "pull_base", "push_image"]
