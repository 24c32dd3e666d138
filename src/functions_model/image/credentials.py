"""Files of credentials among the files of a user: nobody means to put them into an image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.opened import read_whole

LARGEST = 64 * 1024
"""Bytes. A larger file is no key: it is not read. The largest keys in use, of RSA with 16,384 bits, have 13 kB."""

_FOLDERS = {
    ".aws": "the credentials of AWS",
    ".azure": "logins of Azure",
    ".gcloud": "the credentials of Google Cloud",
    ".kube": "the credentials of Kubernetes clusters",
    ".ssh": "keys of SSH",
}
_NAMES = {
    ".netrc": "logins",
    "_netrc": "logins",
    ".pypirc": "the login of a package index",
    ".npmrc": "the login of a package registry",
    ".git-credentials": "logins of Git",
    ".dockercfg": "logins of container registries",
    "local.settings.json": "settings of Functions Core Tools, and often secrets among them",
    ".pgpass": "logins of databases",
    ".my.cnf": "logins of databases",
    ".databrickscfg": "logins of Databricks",
    "kaggle.json": "a login of Kaggle",
    ".env": "variables, and often secrets among them",
    ".envrc": "variables, and often secrets among them",
    "application_default_credentials.json": "the credentials of Google Cloud",
}
_PATTERNS = (
    (re.compile(r"(?:.*/)?\.env\.(?!(?:example|sample|template|dist|defaults?)$)[^/]+"), _NAMES[".env"]),
    (re.compile(r"(?:.*/)?\.docker/config\.json"), _NAMES[".dockercfg"]),
    (re.compile(r"(?:.*/)?gha-creds-[^/]*\.json"), "the credentials that a login action has left"),
    (re.compile(r"(?:.*/)?gcloud/(?:credentials\.db|access_tokens\.db)"), _FOLDERS[".gcloud"]),
)
_GCLOUD = re.compile(r"(?P<place>(?:.*/)?(?:\.config/gcloud|gcloud/legacy_credentials))/.*")
_KEY_ENDINGS = (".pem", ".key")
_PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or a folder, that stays out.

    Attributes:
        place: Its path, relative to the folder that was read.
        holds: What it holds, as it follows "it holds".
    """

    place: PurePosixPath
    holds: str


def credentials_at(path: str, file: Path | None, size: int) -> LeftOut | None:
    """What is left out with a file of credentials; None when it is none by its name, its folder or a key in it.

    Args:
        path: POSIX, relative to the folder that was read.
        file: Where it can be read; None goes by the path alone.
        size: Bytes.
    """
    low = path.lower()
    if found := _by_path(path, low):
        return found
    name = low.rpartition("/")[2]
    may_be_key = name.endswith(_KEY_ENDINGS) or (name.startswith("id_") and not name.endswith(".pub"))
    if file is None or size > LARGEST or not (may_be_key or name.endswith(".json")):
        return None
    holds = _in_content(file, is_json=not may_be_key)
    return LeftOut(PurePosixPath(path), holds) if holds else None


def _by_path(path: str, low: str) -> LeftOut | None:
    *folders, name = low.split("/")
    for depth, folder in enumerate(folders, 1):
        if folder in _FOLDERS:
            return LeftOut(PurePosixPath(*path.split("/")[:depth]), _FOLDERS[folder])
    if name in _NAMES:
        return LeftOut(PurePosixPath(path), _NAMES[name])
    if match := _GCLOUD.fullmatch(low):
        return LeftOut(PurePosixPath(path[: match.end("place")]), _FOLDERS[".gcloud"])
    holds = next((what for pattern, what in _PATTERNS if pattern.fullmatch(low)), "")
    return LeftOut(PurePosixPath(path), holds) if holds else None


def _in_content(file: Path, *, is_json: bool) -> str:
    try:
        content = read_whole(file, LARGEST)
    except OSError:
        return ""  # whoever packs it tells it
    if is_json and b'"clientSecret"' in content and b'"tenantId"' in content:
        return "a login of Azure"
    if is_json and b'"private_key"' not in content:
        return ""
    return "a private key" if _PRIVATE_KEY.search(content) else ""


def screen(tree: FileTree, under: str, root: Path) -> tuple[FileTree, tuple[LeftOut, ...]]:
    """A tree without files of credentials and without links to them, and what was left out, each once.

    Args:
        tree: As `read_tree` gives it.
        under: The folder of the image that it begins in; what is left out is told relative to it.
        root: The folder that was read, or one above it: a copy of what a link leads to is judged by that file's own
            name, too.
    """
    start = len(under) + 1
    found = {file.path: left for file in tree.files if (left := _screened(file, file.path[start:], root))}
    if not found:
        return tree, ()
    kept = _without_dead_links([file for file in tree.files if file.path not in found])
    return FileTree(tuple(kept)), tuple(dict.fromkeys(found.values()))


def _screened(file: TreeFile, path: str, root: Path) -> LeftOut | None:
    if not isinstance(file.content, Path):
        return _by_path(path, path.lower())
    if found := credentials_at(path, file.content, file.size):
        return found
    own = file.content.relative_to(root).as_posix() if file.content.is_relative_to(root) else file.content.name
    there = _by_path(own, own.lower())
    return LeftOut(PurePosixPath(path), there.holds) if there else None


def _without_dead_links(files: list[TreeFile]) -> Iterable[TreeFile]:
    places = {parent for file in files for parent in (file.path, *map(str, PurePosixPath(file.path).parents))}
    for file in files:
        target = file.content.target if isinstance(file.content, Link) else None
        if target is None or posixpath.normpath(posixpath.join(posixpath.dirname(file.path), target)) in places:
            yield file
