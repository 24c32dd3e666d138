"""What uv resolved, read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from functions_model.environment.locked_packages import LockedPackage, WheelKind, kind_of, packages_of

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
    { url = "https://host.example/six_more-1.17-cp311-cp311-linux_x86_64.whl", hashes = { sha256 = "a" }, SAID },
]

[[packages]]
name = "docopt"
version = "0.6.2"
sdist = { path = "docopt-0.6.2.tar.gz", hashes = { sha256 = "d" } }
""".replace("SAID", "upload-time = 2024-01-02T03:04:05Z, size = 9")


class TestPackagesOf:
    """`packages_of`."""

    def test_reads_versions_urls_and_hashes(self) -> None:
        """By name, with hashes sorted, and what the index says of them; the source counts only where no wheel is."""
        uploaded = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
        hashes = ("sha256:a", "sha256:b", "sha512:x")

        assert (
            LockedPackage("docopt", "0.6.2", ("sha256:d",), is_source=True),
            LockedPackage("six-more", "1.17", hashes, size=9, kind=WheelKind.EXTENSION, uploaded=uploaded),
            LockedPackage("tool", "https://host.example/tool-1-py3-none-any.whl", ("sha256:c",), is_source=False),
        ) == packages_of(TEXT)

    def test_nothing(self) -> None:
        """The list is left out when it is empty."""
        assert () == packages_of('lock-version = "1.0"\ncreated-by = "uv"\n')

    @pytest.mark.parametrize(
        ("wheel", "kind"),
        [
            ("six-1.17.0-py2.py3-none-any.whl", WheelKind.ANY),
            ("xgboost-1.7.6-py3-none-manylinux2014_x86_64.whl", WheelKind.NATIVE),
            ("numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", WheelKind.EXTENSION),
            ("opencv_python-4.9.0.80-cp37-abi3-manylinux_2_17_x86_64.whl", WheelKind.EXTENSION),
            ("no-wheel.whl", WheelKind.ANY),
        ],
    )
    def test_tags_say_what_a_wheel_holds(self, wheel: str, kind: WheelKind) -> None:
        """A library that is only loaded, or modules that are compiled against Python's interface."""
        assert kind is kind_of([wheel])
