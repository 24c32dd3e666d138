"""From a trained model in a repository to a live, verified Azure Function."""

from importlib.metadata import version

__version__ = version("functions-model-action")
