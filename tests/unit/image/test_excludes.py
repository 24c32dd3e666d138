"""Patterns mean what `.gitignore` says, also those that are looked up instead of matched."""

from __future__ import annotations

import warnings

from hypothesis import assume, example, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from functions_model.image.patterns import Excludes, pattern_fault, spec_of

names = st.sampled_from([".git", "a", "a.b", "cache", "x.pyc"])
patterns = st.one_of(
    names,
    names.map("{}/".format),
    names.map("!{}".format),
    names.map("/{}".format),
    st.sampled_from(["*.pyc", "a/b", "**/a", "cache/*", "", "# a"]),
)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


class TestExcludes:
    @given(st.lists(patterns, max_size=4), paths)
    @example(["a/"], "a")
    @example(["a"], "a/a.b")
    @example(["a/"], "cache/a/a.b")
    def test_files_are_left_out_as_git_would(self, written: list[str], path: str) -> None:
        """Whatever mixture of patterns there is."""
        assert GitIgnoreSpec.from_lines(written).match_file(path) == Excludes(written).leaves_out(path)

    @given(st.lists(patterns, max_size=4), paths, paths)
    @example(["cache/*"], "cache/.git", ".git")
    def test_nothing_wanted_lies_below_a_folder_that_is_not_read(
        self, written: list[str], folder: str, below: str
    ) -> None:
        """Not reading a folder saves time and changes nothing."""
        excludes = Excludes(written)

        assert not excludes.prunes(folder) or excludes.leaves_out(f"{folder}/{below}")

    @given(st.text("*?ab[](\\!", min_size=1, max_size=12), st.text("ab[(/", min_size=1, max_size=12))
    @example("*a*b*", "ba")
    @example("*(*[(]*a", "((a")
    @example("*?a*?b*", "aaab")
    def test_stars_find_what_they_found_before(self, pattern: str, path: str) -> None:
        """A star that keeps its place finds the same as one that tries all."""
        assume(pattern_fault(pattern) is None and not path.startswith("/"))
        with warnings.catch_warnings(action="ignore"):
            plain = GitIgnoreSpec.from_lines([pattern])

        assert plain.match_file(path) == spec_of([pattern]).match_file(path)

    def test_a_folder_that_is_named_is_not_read(self) -> None:
        """With and without a slash at the end, at any depth; unless a pattern takes something back."""
        assert Excludes([".git/"]).prunes("a/.git")
        assert Excludes([".git"]).prunes(".git")
        assert not Excludes([".git/", "!.git/config"]).prunes(".git")
        assert not Excludes(()).prunes(".git")
