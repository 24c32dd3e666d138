"""From a trained model in a repository to a live, verified Azure Function."""


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: until the doors are imported, no signal is heard."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version  # noqa: PLC0415 - see above

    return version("functions-model-action")
