"""What is read from what an index has of a package."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from functions_model.environment.offers import Indexes, Offer, offer_of
from functions_model.environment.request import IndexSettings
from support.source_packages import SourcePackage

if TYPE_CHECKING:
    from pathlib import Path

WINDOWS, MAC = frozenset({"Windows"}), frozenset({"macOS"})


class TestOffer:
    """`Offer`."""

    @pytest.mark.parametrize(
        ("offer", "systems"),
        [
            (Offer(WINDOWS), ("Windows",)),
            (Offer(WINDOWS | MAC), ("Windows", "macOS")),
            (Offer(WINDOWS, has_source=True), ()),
            (Offer(WINDOWS, has_source=True, meant_for=WINDOWS), ("Windows",)),
            (Offer(frozenset(), has_source=True, meant_for=MAC), ("macOS",)),
            (Offer(WINDOWS | {"Linux"}), ()),
            (Offer(MAC | {"any"}, has_source=True, meant_for=MAC), ()),
            (Offer(), ()),
        ],
    )
    def test_knows_what_is_for_other_systems(self, offer: Offer, systems: tuple[str, ...]) -> None:
        """A source helps on Linux, too, unless its metadata names another system and no others."""
        assert systems == offer.only_for

    @pytest.mark.parametrize(
        ("words", "instead"),
        [
            ("deprecated sklearn package, use scikit-learn instead", "scikit-learn"),
            ('Removed: please install "tensorflow" instead.', "tensorflow"),
            ("Dummy package that points to scikit-image", "scikit-image"),
            ("Dummy package for Beautiful Soup (beautifulsoup4)", "beautifulsoup4"),
            ("This package (deprecated) was renamed to new-name.", "new-name"),
            ("Deprecated.", ""),
            ("Python interface to MySQL", ""),
            ("Tools to use for everything", ""),
            ("", ""),
        ],
    )
    def test_reads_what_to_use_in_its_place(self, words: str, instead: str) -> None:
        """The first ones are the summaries of real packages; one that points nowhere names nothing."""
        assert instead == Offer(words=words).instead


class TestSources:
    """`offer_of`, with source packages in a folder."""

    def offer(self, folder: Path) -> Offer:
        indexes = IndexSettings(no_index=True, find_links=(folder,))
        return offer_of("odd", "", Indexes(indexes, "3.11", folder, os.environ))

    @pytest.mark.parametrize(
        ("says", "meant_for"),
        [
            (("Classifier: Operating System :: Microsoft :: Windows",), WINDOWS),
            (("Classifier: Operating System :: MacOS :: MacOS X",), MAC),
            (("Classifier: Operating System :: Microsoft", "Classifier: Operating System :: POSIX"), frozenset()),
            (("Summary: Pseudo terminal support for Windows from Python.",), WINDOWS),
            (("Summary: Works on Windows and Linux",), frozenset()),
            (("Summary: Windows", "Classifier: Operating System :: OS Independent"), frozenset()),
        ],
    )
    def test_say_what_they_are_for(self, says: tuple[str, ...], meant_for: frozenset[str], tmp_path: Path) -> None:
        """Classifiers count, and without them the summary."""
        SourcePackage("odd", "1.0", "", says=says, metadata_version="2.1").write_source(tmp_path)

        assert meant_for == self.offer(tmp_path).meant_for

    def test_say_it_in_one_line_without_signs_for_terminals(self, tmp_path: Path) -> None:
        """What a stranger wrote stands in a log, cut."""
        summary = "Summary: \x1b[31mdeprecated\x07 " + "x" * 500
        SourcePackage("odd", "1.0", "", says=(summary,), metadata_version="2.1").write_source(tmp_path)

        assert f"[31mdeprecated {'x' * 500}"[:160] == self.offer(tmp_path).words

    @pytest.mark.parametrize(
        "content",
        [b"not an archive", gzip.compress(b"neither", mtime=0), gzip.compress(b"", mtime=0)[:5]],
        ids=["no archive", "no tar", "torn"],
    )
    def test_that_cannot_be_read_say_nothing(self, content: bytes, tmp_path: Path) -> None:
        """Nothing is raised: the message is a little poorer then."""
        (tmp_path / "odd-1.0.tar.gz").write_bytes(content)

        assert Offer(has_source=True) == self.offer(tmp_path)

    def test_that_are_huge_are_not_read_to_their_end(self, tmp_path: Path) -> None:
        """Metadata behind nine million bytes, or of that size, are nobody's honest ones."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, content in (("odd-1.0/PKG-INFO", b"x" * (9 << 20)), ("odd-1.0/PKG-INFO", b"Summary: late")):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        (tmp_path / "odd-1.0.tar.gz").write_bytes(gzip.compress(packed.getvalue()))

        assert "" == self.offer(tmp_path).words
