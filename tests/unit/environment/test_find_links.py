"""Pages of packages that cannot be read: skipped with a warning, as pip does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.secrets import Secret
from functions_model.environment import Lock, install, read_environment, resolve
from functions_model.environment.addresses import is_open, secrets_of, shown
from functions_model.environment.request import IndexSettings
from support.package_index import PackageIndex, package_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = "azureml-inference-server-http"
ENVIRON = {**os.environ, "UV_HTTP_RETRIES": "0"}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PackageIndex]:
    """An index with the server and one package; below it `broken/` answers 404."""
    with package_index(tmp_path / "index") as found:
        found.add(SERVER, "1.5.1")
        found.add("tool", "1.0")
        yield found


def locked(folder: Path, index: PackageIndex, text: str) -> Lock:
    """What a requirements file with that index is resolved to."""
    path = folder / "requirements.txt"
    path.write_text(f"--index-url {index.simple}\n{text}")
    return resolve(read_environment(path, environ={}), "3.11", work=folder / "work", environ=ENVIRON)


class TestUnreadablePages:
    """`resolve` and `install`, with a `--find-links` page that is not there."""

    def test_are_skipped_with_a_warning(self, index: PackageIndex, tmp_path: Path) -> None:
        """As azureml-core's `CondaDependencies` writes them; all else is found and installed, and each is told."""
        text = f"--find-links {index.url}broken/page\n--find-links http://127.0.0.1:1/gone\ntool\n"

        lock = locked(tmp_path, index, text)
        install(lock, "3.11", tmp_path / "site", work=tmp_path / "install", environ=ENVIRON)

        assert [SERVER, "tool"] == [package.name for package in lock.packages]
        assert (tmp_path / "site/tool.py").is_file()
        assert [f"The page `{index.url}broken/page` ", "The page `http://127.0.0.1:1/gone` "] == [
            warning.partition("(")[0] for warning in lock.request.warnings
        ]
        assert "404 Not Found" in lock.request.warnings[0]

    def test_say_nothing_of_their_secrets(self, index: PackageIndex, tmp_path: Path) -> None:
        """Login, query and the token in the path are left out of the warning."""
        page = index.url.replace("//", "//me:hunter22@") + "broken/Tok3nTok3nTok3n/wheels?sig=s1gn4ture"

        [warning] = locked(tmp_path, index, f"--find-links {page}\ntool\n").request.warnings

        assert f"`{index.url}broken/***/wheels`" in warning
        assert not [secret for secret in ("hunter22", "Tok3n", "s1gn4ture") if secret in warning]

    def test_are_told_when_something_is_missing(self, index: PackageIndex, tmp_path: Path) -> None:
        """What is not found may be what the page has."""
        with pytest.raises(EnvironmentFailed, match="no package `rare`") as failure:
            locked(tmp_path, index, f"--find-links {index.url}broken/\nrare\n")

        assert f"The page `{index.url}broken/` (`--find-links`) is skipped" in failure.value.detail


class TestAddresses:
    """Which parts of an address may be shown."""

    @pytest.mark.parametrize(
        ("address", "text"),
        [
            ("https://host.test/whl/torch_stable.html", "https://host.test/whl/torch_stable.html"),
            ("https://me:hunter22@host.test:8443/whl/cu121/", "https://host.test:8443/whl/cu121/"),
            ("https://host.test/604C89A437BA41BD942B4F46D9A3591D/simple?key=abcdefgh", "https://host.test/***/simple"),
        ],
    )
    def test_are_shown_without_secrets(self, address: str, text: str) -> None:
        """No login, no query, no token."""
        assert text == shown(address)
        assert is_open(address) == (address == text)

    def test_their_secrets_are_each_masked(self) -> None:
        """The whole address and its parts; an address without a secret is none."""
        secret = "https://me:hunter22@host.test/simple"
        settings = IndexSettings(Secret(secret), (Secret("https://open.test/simple"),))

        assert [secret, "hunter22"] == [one.reveal() for one in settings.secrets]
        assert ["hunter22", "hunter22"] == [*secrets_of(secret)]
