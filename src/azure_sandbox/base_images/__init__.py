"""Stand-ins for the Functions base images: same paths, variables, port and start command. See the sandbox's README."""

from azure_sandbox.base_images.prepare import BaseImage, BaseImageUnavailable, Flavour, prepare

__all__ = ["BaseImage", "BaseImageUnavailable", "Flavour", "prepare"]
