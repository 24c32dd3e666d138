"""Fetching blobs to files, piece by piece: several at once, never a whole file in memory, never a byte twice.

Every piece is a request of its own, for one range of one version of the blob (`If-Match`). A transfer that breaks off
is taken up with the piece that broke; those that are on disk stay. What comes is collected in a folder of its own,
which gets its name when everything is there and checked, so nobody sees half a model.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import AzureError

from functions_model.azure.errors import data_words
from functions_model.azureml.progress import shown
from functions_model.azureml.retries import persist, status_of
from functions_model.core.failures import BundleFailed, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from azure.storage.blob import ContainerClient

    from functions_model.azureml.listing import RemoteFile
    from functions_model.azureml.progress import Progress
    from functions_model.azureml.transfer_settings import TransferSettings

_AGAIN = "Run again. If it happens again, check the connection to the storage account."


@dataclass(frozen=True, slots=True)
class _Piece:
    """A range of a file."""

    file: RemoteFile
    offset: int
    length: int


class _Stopped(Exception):
    """Another piece failed for good."""


class Transfer:
    """Fetches the files of one model.

    Args:
        client: May read the container.
        action: What is being done, as it follows "Could not".
        settings: How many at once, and how often again.
        progress: Counts bytes.
    """

    def __init__(self, client: ContainerClient, action: str, settings: TransferSettings, progress: Progress) -> None:
        self._client = client
        self._action = action
        self._settings = settings
        self._progress = progress
        self._stop = Event()

    def fetch(self, files: tuple[RemoteFile, ...], target: Path, collecting: Path) -> None:
        """Put the files below `target`.

        Args:
            files: What to fetch.
            target: A folder; replaced when it is there.
            collecting: A folder on the same disk, for what is under way.

        Raises:
            BundleFailed: The transfer broke off, the content is not what was listed, or the disk is full.
        """
        try:
            self._fetch(files, target, collecting)
        except OSError as exc:
            raise self._disk_failure(exc) from exc
        finally:
            shutil.rmtree(collecting, ignore_errors=True)

    def _fetch(self, files: tuple[RemoteFile, ...], target: Path, collecting: Path) -> None:
        shutil.rmtree(collecting, ignore_errors=True)
        collecting.mkdir(parents=True)
        self._check_space(files, collecting)
        for file in files:
            _reserve(collecting / file.path, file.size)
        with ThreadPoolExecutor(self._settings.threads, thread_name_prefix="download") as threads:
            self._all(threads.submit(self._piece, piece, collecting) for piece in self._pieces(files))
            self._all(threads.submit(self._check, file, collecting) for file in files)
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        collecting.rename(target)

    def _pieces(self, files: Iterable[RemoteFile]) -> Iterator[_Piece]:
        size = self._settings.piece_bytes
        for file in files:
            for offset in range(0, file.size, size):
                yield _Piece(file, offset, min(size, file.size - offset))

    def _all(self, futures: Iterable[Future[None]]) -> None:
        """Wait for all; the first that failed ends the others early."""
        try:
            exceptions = [future.exception() for future in list(futures)]
        except BaseException:
            self._stop.set()  # interrupted: what is still to be fetched is not waited for
            raise
        failures = [exc for exc in exceptions if exc is not None and not isinstance(exc, _Stopped)]
        if failures:
            raise failures[0]

    def _guarded(self, work: Callable[[], None]) -> None:
        if self._stop.is_set():
            raise _Stopped
        try:
            work()
        except BaseException:
            self._stop.set()
            raise

    def _piece(self, piece: _Piece, folder: Path) -> None:
        self._guarded(lambda: self._fetch_piece(piece, folder))

    def _check(self, file: RemoteFile, folder: Path) -> None:
        self._guarded(lambda: self._hold_to_listing(file, folder / file.path))

    def _fetch_piece(self, piece: _Piece, folder: Path) -> None:
        try:
            count = persist(lambda: self._write(piece, folder / piece.file.path), self._settings)
        except AzureError as exc:
            raise self._broken(piece, exc) from exc
        if count != piece.length:
            raise self._failed(
                f"`{piece.file.blob}` should have {piece.file.size} bytes, and ends after {piece.offset + count}"
            )
        self._progress.add(count)

    def _write(self, piece: _Piece, path: Path) -> int:
        """One attempt: the piece at its place in the file. How many bytes came."""
        if self._stop.is_set():
            raise _Stopped
        found = self._client.download_blob(
            piece.file.blob,
            offset=piece.offset,
            length=piece.length,
            etag=piece.file.etag,
            match_condition=MatchConditions.IfNotModified,
        )
        with path.open("r+b") as opened:
            opened.seek(piece.offset)
            found.readinto(opened)
            return opened.tell() - piece.offset

    def _hold_to_listing(self, file: RemoteFile, path: Path) -> None:
        size = path.stat().st_size
        if size != file.size:
            raise self._failed(f"`{file.blob}` should have {file.size} bytes, and {size} came")
        if file.md5 is None:
            return
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False))
        if digest.digest() != file.md5:
            raise self._failed(f"the content of `{file.blob}` does not have the MD5 sum that storage has for it")

    def _check_space(self, files: Iterable[RemoteFile], folder: Path) -> None:
        needed, free = sum(file.size for file in files), self._settings.free_bytes(folder)
        if needed > free:
            what = f"the model has {shown(needed)}, and the disk of `{folder}` has {shown(free)} left"
            raise BundleFailed(self._action, [Problem(what, "Make room, or use a runner with a larger disk.")])

    def _broken(self, piece: _Piece, exc: Exception) -> BundleFailed:
        if status_of(exc) in {404, 412}:
            return self._failed(f"`{piece.file.blob}` was changed or removed while it was read", "Run again.")
        where = f"at byte {piece.offset} of {piece.file.size}"
        return self._failed(f"the transfer of `{piece.file.blob}` broke off {where}: {data_words(exc)}")

    def _disk_failure(self, exc: OSError) -> BundleFailed:
        if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
            return self._failed("the disk is full", "Make room, or use a runner with a larger disk.")
        return self._failed(f"a file cannot be written ({exc})", "Check the folder for temporary files.")

    def _failed(self, what: str, remedy: str = _AGAIN) -> BundleFailed:
        return BundleFailed(self._action, [Problem(what, remedy, "model-path")])


def _reserve(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as opened:
        os.truncate(opened.fileno(), size)
