"""The keys of a host that has just come up, as Resource Manager lists them."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import TYPE_CHECKING

from .cloud import BLOB_OWNER, PULL, WWWROOT, Cloud, http_function
from .conftest import REGISTRY_ID, FakeDirectory, FakeRoles, account_id

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.storage import AzuriteStorage

    from .conftest import Court

FILES: dict[str, str | bytes] = {
    f"{WWWROOT}/host.json": json.dumps({"version": "2.0"}),
    f"{WWWROOT}/open/function.json": http_function("open"),
    f"{WWWROOT}/open/__init__.py": "def main(req):\n    return 'yes'\n",
}


def test_are_there_as_soon_as_a_function_answers(
    tmp_path: Path, tls: TlsFiles, azurite: AzuriteStorage, court: Court
) -> None:
    """A real host is asked for them; the sandbox reads them from its own a moment after the start."""
    cloud = Cloud(tmp_path, tls, FakeDirectory(), FakeRoles(), azurite, court=court, engine="process")
    with closing(cloud):
        cloud.give(REGISTRY_ID, PULL)
        cloud.give(account_id("starting"), BLOB_OWNER)
        site = cloud.site("starting", cloud.push(FILES), **cloud.host_storage("starting"))
        cloud.platform.apply(site)
        deadline = time.monotonic() + 60
        while cloud.http.get(cloud.url(site, "/api/open")).status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.001)

        assert cloud.platform.keys(site.resource_id) is not None
