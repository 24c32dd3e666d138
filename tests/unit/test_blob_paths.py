"""`core.blob_paths`: paths of blob triggers and outputs."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.core.blob_paths import (
    BlobPath,
    Literal,
    Parameter,
    Setting,
    is_system,
    may_meet,
    parse_blob_path,
)

NAMES = st.lists(st.sampled_from(["a", "b", "{x}", "{y}"]), min_size=1, max_size=4).map("".join)
"""Blob names of two letters and parameters."""
TEXTS = ["".join(letters) for length in range(9) for letters in itertools.product("ab", repeat=length)]


def fits(name: str, text: str) -> bool:
    """Whether a blob's name fits a pattern, asked of a regular expression."""
    return re.fullmatch(re.sub(r"\{\w+\}", ".*", name), text) is not None


class TestParsing:
    """`parse_blob_path`."""

    def test_takes_a_path_apart(self) -> None:
        """Literals, parameters and settings, in the container and in the name."""
        path = parse_blob_path("%IN%-data/day/{name}.{ext}")

        assert path == BlobPath(
            (Setting("IN"), Literal("-data")),
            (Literal("day/"), Parameter("name"), Literal("."), Parameter("ext")),
        )
        assert ("name", "ext") == path.parameters
        assert ("IN",) == path.settings

    def test_doubled_braces_are_braces(self) -> None:
        """`{{` and `}}` stand for themselves, as in the host."""
        path = parse_blob_path("input/{{20140101}}-{name}")

        assert path.blob == (Literal("{"), Literal("20140101"), Literal("}"), Literal("-"), Parameter("name"))

    def test_a_percent_sign_alone_is_text(self) -> None:
        """Only a pair of them names a setting."""
        assert () == parse_blob_path("input/100%-{name}").settings

    def test_a_slash_at_the_start_is_no_part_of_the_container(self) -> None:
        """Some write it."""
        assert parse_blob_path("/input/{name}") == parse_blob_path("input/{name}")

    @pytest.mark.parametrize("parameter", ["rand-guid", "DateTime", "datetime:yyyy-MM-dd", "sys.utcnow"])
    def test_knows_what_the_host_gives(self, parameter: str) -> None:
        """Such names are parameters, and not the input's."""
        path = parse_blob_path(f"output/{{{parameter}}}-{{name}}")

        assert is_system(parameter)
        assert (parameter, "name") == path.all_parameters
        assert ("name",) == path.parameters

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("input", "no container and name"),
            ("input/", "no container and name"),
            ("//x", "no container and name"),
            ("in/{name}", "3 to 63"),
            ("Input/{name}", "`Input` is not a container's name"),
            ("in--put/{name}", "single hyphens"),
            ("a" * 64 + "/{name}", "3 to 63"),
            ("{name}/x", "only the blob's name may vary"),
            ("input/{name", "the brace `{` has no other end; write `{{`"),
            ("input/name}", "the brace `}` has no other end; write `}}`"),
            ("input/{}", "`{}` is not a parameter"),
            ("input/{first name}", "`{first name}` is not a parameter"),
            ("input/{1}", "starting with a letter"),
            ("input/" + "a" * 1025, "up to 1024 characters"),
            ("input/{name}.", "ends with neither `.` nor `/`"),
            ("%in.put%/{name}", "`%in_put%`"),
            ("input/{name}/", "ends with neither `.` nor `/`"),
            ("output/a\\{name}", "no backslash"),
        ],
    )
    def test_refuses(self, text: str, words: str) -> None:
        """What the host or the storage would refuse, with the rule."""
        with pytest.raises(ValueError, match=re.escape(words)):
            parse_blob_path(text)

    @pytest.mark.parametrize("container", ["$root", "$web", "a1b", "%CONTAINER%", "a" * 63])
    def test_containers(self, container: str) -> None:
        """The storage's own rules, and a setting's value is not known here."""
        assert parse_blob_path(f"{container}/{{name}}").blob == (Parameter("name"),)

    @given(st.text(max_size=40))
    def test_any_text_is_a_path_or_a_reason(self, text: str) -> None:
        """No text breaks the parser, and a reason is a clause."""
        try:
            parse_blob_path(text)
        except ValueError as error:
            assert not str(error).endswith(".")  # noqa: PT017


class TestSettings:
    """`container_name` and `with_settings`."""

    def test_container_name(self) -> None:
        """A setting's value takes its place; names are compared without regard to case."""
        path = parse_blob_path("%Stage%-input/{name}")

        assert path.container_name({"STAGE": "test"}) == "test-input"
        assert path.container_name({}) is None

    def test_with_settings(self) -> None:
        """Known values become text; what is not known stays."""
        path = parse_blob_path("input/%A%/%B%/{name}").with_settings({"a": "x"})

        assert path.blob == (Literal("x"), Literal("/"), Setting("B"), Literal("/"), Parameter("name"))


class TestMeeting:
    """`may_meet`."""

    @pytest.mark.parametrize(
        ("source", "target", "meet"),
        [
            ("input/{name}.json", "output/{name}.json", False),
            ("input/{name}.json", "input/{name}_out.json", True),
            ("input/{name}.json", "input/{name}.txt", False),
            ("input/{name}", "input/results/{name}", True),
            ("data/in/{name}", "data/out/{name}", False),
            ("input/{a}-{b}", "input/{a}.json", True),
            ("input/x", "input/x", True),
            ("input/x", "input/X", False),
            ("input/{{{name}}}", "input/{name}", True),
            ("input/{{{name}}}", "input/[{name}]", False),
            ("input/{name}.json", "input/%PLACE%", True),
            ("%IN%/{name}", "%in%/{name}", True),
            ("%IN%/{name}", "%OUT%/{name}", False),
            ("%IN%-data/{name}", "%IN%-other/{name}", False),
        ],
    )
    def test_cases(self, source: str, target: str, meet: bool) -> None:
        """One container and a name that fits both: the output would start the function again."""
        assert meet is may_meet(parse_blob_path(source), parse_blob_path(target))

    @given(NAMES, NAMES)
    def test_agrees_with_trying_every_name(self, left: str, right: str) -> None:
        """The shortest name that fits both has no more letters than both patterns together: at most eight."""
        one, two = parse_blob_path(f"input/{left}"), parse_blob_path(f"input/{right}")
        common = any(fits(left, text) and fits(right, text) for text in TEXTS)

        assert common is may_meet(one, two)

    @given(NAMES, NAMES)
    def test_does_not_depend_on_the_order(self, left: str, right: str) -> None:
        """Either pattern may be the input's."""
        one, two = parse_blob_path(f"input/{left}"), parse_blob_path(f"input/{right}")

        assert may_meet(one, two) is may_meet(two, one)

    def test_long_names(self) -> None:
        """The longest names there may be are compared at once, without a deep recursion."""
        left = parse_blob_path("input/" + "{a}b" * 255 + "x")
        right = parse_blob_path("input/" + "{b}a" * 255 + "y")
        start = time.perf_counter()

        assert not may_meet(left, right)
        assert may_meet(left, left)
        assert time.perf_counter() - start < 1
