"""Names for what will be made, as Azure takes them, and the name of this action."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from functions_model.scaffold.looking import Folder, Remote, read_remote, remote_of

NOBODY = "OWNER"
"""Stands in a workflow for the owner of this action's repository, where nobody can tell."""
_NAME, _TAG = "functions-model-action", "v1"
_LONGEST = 40
"""Characters of a guessed app's name: names with endings are made of it."""
_SUFFIX = 4
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def words_of(folder: Folder, remote: Remote | None) -> str:
    """What the project is called: `my-model` for a folder `My model`; after its repository where it is that."""
    name = folder.path.name
    if not folder.within and remote:
        name = remote.path.rpartition("/")[2]
    return "-".join(re.findall("[a-z0-9]+", name.lower()))[: _LONGEST - _SUFFIX - 1].strip("-") or "model"


def suffix() -> str:
    """A few letters that make a name one's own: it must be free in all of Azure."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_SUFFIX))


def registry_for(app: str) -> str:
    """A registry's name, which has letters and digits alone."""
    return re.sub("[^a-z0-9]", "", app.lower())[:45] + "acr"


def action_of() -> str:
    """What a workflow names this action by: where this program was installed from, else what its package says."""
    try:
        installed = distribution(_NAME)
    except PackageNotFoundError:
        return action_from(None, ())
    return action_from(installed.read_text("direct_url.json"), installed.metadata.get_all("Project-URL") or ())


def action_from(told: str | None, links: Iterable[str]) -> str:
    """What names this action.

    Args:
        told: What pip and uv keep of a package that came from a repository; a clone is told by its own remote:
            https://packaging.python.org/en/latest/specifications/direct-url/.
        links: The package's own, of which one is `Repository, <address>`. What comes from an index has no other.
    """
    said = (address for label, _, address in (link.partition(", ") for link in links) if label == "Repository")
    for remote in (_origin(told), *map(read_remote, said)):
        if remote and remote.path.count("/") == 1 and remote.host == "github.com":
            return f"{remote.path}@{_TAG}"
    return f"{NOBODY}/{_NAME}@{_TAG}"


def _origin(told: str | None) -> Remote | None:
    try:
        address = str(json.loads(told or "{}").get("url", ""))
    except (ValueError, AttributeError):
        return None
    if address.startswith("file://"):
        return remote_of(Path(address.removeprefix("file://")))
    return read_remote(address)
