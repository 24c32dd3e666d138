"""Fetching blobs to files, piece by piece: several at once, never a whole file in memory, never a byte twice.

Every piece is a request of its own, for one range of one version of the blob (`If-Match`). A transfer that breaks off
is taken up with the piece that broke; those that are on disk stay. What comes is collected in a folder of its own,
which gets its name when everything is there and checked, so nobody sees half a model.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from azure.core import MatchConditions
from azure.core.exceptions import AzureError
from azure.storage.blob import ContainerClient

from functions_model.azure.errors import data_words
from functions_model.azureml.access import RemoteFile
from functions_model.azureml.transfer_settings import Progress, TransferSettings, persist, shown, status_of
from functions_model.core.disk import refused
from functions_model.core.failures import BundleFailed, Problem
from functions_model.core.work import Stop, side_by_side

_AGAIN = "Run again. If it happens again, check the connection to the storage account."


@dataclass(frozen=True, slots=True)
class _Piece:
    """A range of a file."""

    file: RemoteFile
    offset: int
    length: int


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
        self._stop = Stop()

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
            raise self._disk_failure(exc, collecting) from exc
        finally:
            shutil.rmtree(collecting, ignore_errors=True)

    def _fetch(self, files: tuple[RemoteFile, ...], target: Path, collecting: Path) -> None:
        shutil.rmtree(collecting, ignore_errors=True)
        collecting.mkdir(parents=True)
        self._check_space(files, collecting)
        for file in files:
            _reserve(collecting / file.path, file.size)
        pieces = (partial(self._fetch_piece, piece, collecting / piece.file.path) for piece in self._pieces(files))
        side_by_side(pieces, self._stop, self._settings.threads)
        whole = (partial(self._hold_to_listing, file, collecting / file.path) for file in files)
        side_by_side(whole, self._stop, self._settings.threads)
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        collecting.rename(target)

    def _pieces(self, files: Iterable[RemoteFile]) -> Iterator[_Piece]:
        size = self._settings.piece_bytes
        for file in files:
            for offset in range(0, file.size, size):
                yield _Piece(file, offset, min(size, file.size - offset))

    def _fetch_piece(self, piece: _Piece, path: Path) -> None:
        try:
            count = persist(lambda: self._write(piece, path), self._settings)
        except AzureError as exc:
            raise self._broken(piece, exc) from exc
        if count != piece.length:
            raise self._failed(
                f"`{piece.file.blob}` should have {piece.file.size} bytes, and ends after {piece.offset + count}"
            )
        self._progress.add(count)

    def _write(self, piece: _Piece, path: Path) -> int:
        """One attempt: the piece at its place in the file. How many bytes came."""
        self._stop.check()
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
        self._stop.check()
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
        return self._failed(f"the transfer of `{piece.file.blob}` broke {where}: {data_words(exc)}")

    def _disk_failure(self, exc: OSError, folder: Path) -> BundleFailed:
        if told := refused(exc, folder):
            return BundleFailed(self._action, [Problem(told.what, told.remedy)])
        return self._failed(f"a file cannot be written ({exc})", "Check the folder for temporary files.")

    def _failed(self, what: str, remedy: str = _AGAIN) -> BundleFailed:
        return BundleFailed(self._action, [Problem(what, remedy, "model-path")])


def _reserve(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as opened:
        os.truncate(opened.fileno(), size)
