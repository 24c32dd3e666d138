"""What uv resolved, read."""

from __future__ import annotations

from functions_model.environment.locking import LockedPackage, packages_of

TEXT = """
lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "tool"
version = "1"
archive = { url = "https://host.example/tool-1-py3-none-any.whl", hashes = { sha256 = "c" } }

[[packages]]
name = "six-more"
version = "1.17"
marker = "sys_platform != 'win32'"
sdist = { url = "https://host.example/six_more-1.17.tar.gz", hashes = { sha256 = "s" } }
wheels = [
    { url = "https://host.example/six_more-1.17-py3-none-any.whl", hashes = { sha256 = "b", sha512 = "x" } },
    { url = "https://host.example/six_more-1.17-cp311-cp311-manylinux_2_17_x86_64.whl", hashes = { sha256 = "a" } },
]

[[packages]]
name = "docopt"
version = "0.6.2"
sdist = { path = "docopt-0.6.2.tar.gz", hashes = { sha256 = "d" } }
"""


class TestPackagesOf:
    """`packages_of`."""

    def test_reads_versions_urls_and_hashes(self) -> None:
        """By name, with hashes sorted; the source counts only where there is no wheel."""
        assert (
            LockedPackage("docopt", "0.6.2", ("sha256:d",), is_source=True),
            LockedPackage("six-more", "1.17", ("sha256:a", "sha256:b", "sha512:x"), is_source=False),
            LockedPackage("tool", "https://host.example/tool-1-py3-none-any.whl", ("sha256:c",), is_source=False),
        ) == packages_of(TEXT)

    def test_nothing(self) -> None:
        """The list is left out when it is empty."""
        assert () == packages_of('lock-version = "1.0"\ncreated-by = "uv"\n')
