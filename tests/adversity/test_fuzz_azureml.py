"""Azure ML workspaces and storage accounts that answer as nobody wrote it: files on this machine, or a failure."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fake_arm import Answer, Asked, LastAsked
from support.fuzzing import Oddity, a_failure_at_most, fuzzed, oddities, texts
from support.ml_lab import Lab

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.azure.clients import AzureClients


_ASKED = LastAsked()


@dataclass
class OddLab(Lab):
    """A workspace, and an account, that answer some requests otherwise.

    Attributes:
        odd: What is odd, in order.
        at: The number of the first request that is answered so.
        names: More blobs of the model.
    """

    odd: list[Oddity] = field(default_factory=list)
    at: int = 0
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._counting = threading.Lock()
        self.blobs = {"run/1/model/a.pkl": b"0123456789", "run/1/model/b/c.txt": b"x"}
        self.register("1", isArchived=False, description="iris")
        self.register("1", kind="environments", condaFile="name: x\ndependencies: [pip]\n", image="i")

    def clients(self) -> AzureClients:
        """For Resource Manager, built before."""
        _ASKED.answer = self.arm
        return _ASKED.clients

    def arm(self, asked: Asked) -> Answer:
        """Resource Manager."""
        return self._oddly(super().arm(asked))

    def storage(self, asked: Asked) -> Answer:
        """The blob service."""
        return self._oddly(super().storage(asked))

    def _oddly(self, true: Answer) -> Answer:
        with self._counting:
            self.at -= 1
            if self.at >= 0 or not self.odd:
                return true
            odd = self.odd.pop()
        drawn = odd.of(true.body)
        return Answer(drawn.status, drawn.body, {**true.headers, **drawn.headers})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files go."""
    return tmp_path_factory.mktemp("models")


ODD = st.lists(oddities("Content-Length", "x-ms-error-code"), min_size=1, max_size=3)
ALLOWED = st.sampled_from([("Bearer", "SharedKey"), ("SharedKey",), ("sig=",), ()])
SECRETS = st.sampled_from([{"secretsType": "AccountKey", "key": "a2V5"}, {"sasToken": "?sv=1&sig=abc"}, {}])


LABS = st.builds(OddLab, odd=ODD, at=st.integers(0, 8), allowed=ALLOWED, secrets=SECRETS)


@given(lab=LABS, version=st.sampled_from(["1", None]))
@fuzzed(60)
def test_any_model_is_one_or_told(folder: Path, lab: OddLab, version: str | None) -> None:
    """Version, datastore, its key, the listing and the pieces of the files."""
    with a_failure_at_most(quotes=True):
        model = lab.download(folder / "a", version)
        assert model.path.is_relative_to(folder / "a")
    assert set(folder.iterdir()) <= {folder / "a"}
    shutil.rmtree(folder / "a", ignore_errors=True)


@given(odd=ODD, at=st.integers(0, 3), version=st.sampled_from(["1", None]))
@fuzzed(40)
def test_any_environment_is_one_or_told(folder: Path, odd: list[Oddity], at: int, version: str | None) -> None:
    """Its file is written where it belongs."""
    lab = OddLab(odd=odd, at=at)
    with a_failure_at_most(quotes=True):
        assert lab.environment(folder / "a", version).is_relative_to(folder / "a")
    shutil.rmtree(folder / "a", ignore_errors=True)


LISTED = st.dictionaries(st.sampled_from(["Etag", "Content-Length", "Content-MD5", "BlobType"]), texts(), max_size=2)


@given(uri=st.one_of(texts(), texts().map("azureml://datastores/store/paths/{}".format)), listed=LISTED, name=texts())
@fuzzed(40)
def test_any_place_and_any_name_is_one_or_told(folder: Path, uri: str, listed: dict[str, str], name: str) -> None:
    """Where files are, what they are called and what they hold is written by people."""
    lab = OddLab()
    lab.register("1", modelUri=uri) if uri else None
    lab.blobs[f"run/1/model/{name}"] = b"x"
    lab.listed["run/1/model/a.pkl"] = listed
    with a_failure_at_most(quotes=True):
        assert lab.download(folder / "a").path.is_relative_to(folder / "a")
    assert set(folder.iterdir()) <= {folder / "a"}
    shutil.rmtree(folder / "a", ignore_errors=True)
