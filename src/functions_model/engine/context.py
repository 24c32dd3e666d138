"""Writes what `docker build` needs, for `builder: dockerfile`: a Dockerfile and every file that it copies."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from functions_model.ci.owner import hand_over
from functions_model.core.disk import refused
from functions_model.core.failures import BundleFailed, InputsInvalid, Problem
from functions_model.engine.beside import written_beside
from functions_model.engine.dockerfile import INSTALLER_FOLDER, LAYERS_FOLDER, OWN_FOLDER, Recipe, dockerfile_text
from functions_model.engine.installing import index_options, installer_files
from functions_model.engine.own_dockerfile import OwnDockerfile, read_own_dockerfile
from functions_model.environment.request import IndexSettings
from functions_model.image.files import Content, Link
from functions_model.image.layers import LayerPlan
from functions_model.image.opened import open_handle, remedy_for

MARKER = f"{OWN_FOLDER}/made-by-functions-model"
"""A file that says: this folder was written by this tool, and may be written again."""
_AT_ONCE = 1 << 20
"""Bytes that are copied at once."""
_FOLDER_MODE, _PROGRAM_MODE, _FILE_MODE = 0o755, 0o755, 0o644
_README = """\
# Build context of a function app

`functions-model` wrote this folder (`builder: dockerfile`). Build the image with:

    docker build --platform linux/amd64 --tag <registry>/<image>:<tag> .

- `Dockerfile`: {image}.
- `{own}/layers/`: the app's files, laid out as in the image.
- `{own}/requirements.lock`: the Python packages in the image, with their hashes.
{compiled}
Each run overwrites the folder: your changes in it are lost.
"""
_PINNED, _OWN = "the image, with its base pinned by digest", "your own Dockerfile, and the app on top of it"
_README_COMPILED = """\
- `{own}/installer/`: the packages that are compiled while the image is built. For an index of your own, add
  `--build-arg UV_DEFAULT_INDEX=<url>` or `--build-arg UV_INDEX=<url>`, and `--build-arg UV_FIND_LINKS=<url>` for a page
  of packages; `--build-arg UV_SYSTEM_CERTS=1` trusts the certificates of the base image. The image does not keep these,
  but the engine's build cache does.
"""


def write_context(
    recipe: Recipe,
    layers: Sequence[LayerPlan],
    lock_text: str,
    folder: Path,
    *,
    dockerfile: Path | None = None,
    indexes: IndexSettings | None = None,
    environ: Mapping[str, str] | None = None,
    root: Path | None = None,
) -> None:
    """Write a folder from which `docker build` makes the image that `builder: layers` makes.

    Files are hard links where that is possible: a large model is not copied. All of it belongs to the owner of the
    folder that it lies in. It is written beside its place: whoever looks there sees the former one, or all of the new.

    Args:
        recipe: What the Dockerfile says.
        layers: The files of the app, the lowest layer first.
        lock_text: The lock of the environment.
        folder: Where to write; absent, empty, or written by this function before.
        dockerfile: A Dockerfile of the user's own, to be put below. Its context becomes a part of the folder.
        indexes: Where source packages come from. Folders with packages are copied; addresses are left out, as they may
            hold a login.
        environ: The process environment; None takes this process's.
        root: What the folder must not lead out of; None allows all.

    Raises:
        InputsInvalid: The folder holds something else, or leads out of the root by a link; or the user's Dockerfile
            cannot be read.
        BundleFailed: The files cannot be written, or a variable cannot be said in a Dockerfile.
        EnvironmentFailed: The installer for compiled packages cannot be fetched.
    """
    keep = recipe.keep_credentials
    own = read_own_dockerfile(dockerfile, leave_out=folder, keep_credentials=keep) if dockerfile else None
    slugs = {layer.name: re.sub(r"[^a-z0-9]+", "-", layer.name.lower()).strip("-") for layer in layers}
    folders = {name: f"{LAYERS_FOLDER}/{slug}" for name, slug in slugs.items()}
    settings = indexes or IndexSettings()
    parsed = own.parsed if own else None
    text = dockerfile_text(recipe, tuple(folders.values()), own=parsed, options=index_options(settings))
    try:
        check_context(folder, root)
        folder = folder.resolve()
        above = [place for place in folder.parents if not place.exists()]
        with written_beside(folder, lambda place: check_context(place, root)) as fresh:
            _folder(fresh / OWN_FOLDER)
            (fresh / MARKER).write_bytes(b"")
            if own:
                _copy_own(own, fresh)
            for layer in layers:
                for file in layer.tree.files:
                    mode = _PROGRAM_MODE if file.executable else _FILE_MODE
                    _place(file.content, fresh / folders[layer.name] / file.path, mode)
            if recipe.compiled:
                work, known = fresh / OWN_FOLDER / "work", os.environ if environ is None else environ
                wanted = installer_files(recipe.compiled, lock_text, settings, work=work, environ=known)
                for name, content, mode in wanted:
                    _place(content, fresh / INSTALLER_FOLDER / name, mode)
                shutil.rmtree(work, ignore_errors=True)
            compiled = _README_COMPILED.format(own=OWN_FOLDER) if recipe.compiled else ""
            readme = _README.format(own=OWN_FOLDER, image=_OWN if own else _PINNED, compiled=compiled)
            _write_texts(fresh, text, lock_text, readme)
            top = above[-1].parent if above else folder.parent
            hand_over((*above, fresh, *fresh.rglob("*")), top)
    except OSError as error:
        action = "write the build context"
        told = refused(error, folder)
        what = told.what if told else f"{error.strerror or error} (`{error.filename or folder}`)"
        raise BundleFailed(action, [Problem(what, told.remedy if told else "Check the folder.")]) from error


def check_context(folder: Path, root: Path | None = None) -> None:
    """Refuse a folder that `write_context` would not write to. Touches nothing.

    Args:
        folder: The folder.
        root: What it must not lead out of; None allows all.

    Raises:
        InputsInvalid: It holds something else, leads out of the root by a link, or cannot be looked at.
    """
    action = "write the build context"
    try:
        real, foreign = folder.resolve(), _is_foreign(folder)
    except RuntimeError as error:  # a circle of links, before Python 3.13
        problem = Problem(f"`{folder}` leads in a circle of links", "Remove the links.", "build-context")
        raise InputsInvalid(action, [problem]) from error
    except OSError as error:
        what = f"`{folder}` cannot be looked at: {error.strerror}"
        raise InputsInvalid(action, [Problem(what, remedy_for(error), "build-context")]) from error
    if root and not real.is_relative_to(root.resolve()):
        what = f"`{folder}` leads by a link to `{real}`, outside of `{root}`"
        raise InputsInvalid(action, [Problem(what, "Name a folder of the workspace itself.", "build-context")])
    if foreign:
        what = f"`{folder}` exists and was not written by this tool"
        raise InputsInvalid(action, [Problem(what, "Remove it, or name another folder.", "build-context")])


def _is_foreign(folder: Path) -> bool:
    """Whether something is there that `write_context` has not written.

    Another run may put its folder there meanwhile, and remove the former one behind its back: what was looked at must
    still be in its place.
    """
    while True:
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return False
        except NotADirectoryError:
            return True
        try:
            if not os.listdir(handle) or os.access(MARKER, os.F_OK, dir_fd=handle):  # noqa: PTH208 - of what is open
                return False
            if os.path.samestat(os.fstat(handle), folder.stat()):
                return True
        except FileNotFoundError:
            continue
        finally:
            os.close(handle)


def _copy_own(own: OwnDockerfile, folder: Path) -> None:
    for name in own.files:
        source, target = own.folder / name, folder / name
        if source.is_dir() and not source.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
            shutil.copymode(source, target)
        elif source != own.path:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def _place(content: Content, target: Path, mode: int) -> None:
    _folder(target.parent)
    if isinstance(content, Link):
        target.symlink_to(content.target)
    elif isinstance(content, bytes):
        target.write_bytes(content)
        target.chmod(mode)
    else:
        _link_or_copy(content, target, mode)


def _link_or_copy(source: Path, target: Path, mode: int) -> None:
    """A hard link has one mode with its source, so it must be the right one already."""
    with os.fdopen(open_handle(source, real=True), "rb") as stream:
        if os.fstat(stream.fileno()).st_mode & 0o7777 == mode and _link(source, target, stream.fileno()):
            return
        with target.open("xb") as copy:
            shutil.copyfileobj(stream, copy, _AT_ONCE)
    target.chmod(mode)


def _link(source: Path, target: Path, handle: int) -> bool:
    """Whether the target is the open file now, and no other that was put in its place."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system, or one without hard links
        return False
    if os.path.samestat(target.lstat(), os.fstat(handle)):
        return True
    target.unlink()
    return False


def _folder(folder: Path) -> None:
    """Make it and what is missing above it, with the mode that it has in a layer, whatever the umask says."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir()
        each.chmod(_FOLDER_MODE)


def _write_texts(folder: Path, text: str, lock_text: str, readme: str) -> None:
    texts = {
        "Dockerfile": text,
        ".dockerignore": f"{MARKER}\n",
        f"{OWN_FOLDER}/requirements.lock": lock_text,
        f"{OWN_FOLDER}/README.md" if (folder / "README.md").exists() else "README.md": readme,
    }
    for name, content in texts.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
