"""Names of a probe's blob and of its answer."""

from __future__ import annotations

import pytest

from functions_model.core.blob_paths import parse_blob_path
from functions_model.verify.blob_probe import answers_for, name_for

GUID = "0a1b2c3d-0000-4000-8000-00000000000a"


class TestANameOfAProbe:
    def test_fits_the_path(self) -> None:
        """With the id for each name in braces, and braces themselves as they are."""
        assert "x/id/{7}/id.json" == name_for(parse_blob_path("inp/x/{a}/{{7}}/{b}.json"), "id")


class TestAnAnswersName:
    @pytest.mark.parametrize(
        ("source", "target", "prefix", "right", "wrong"),
        [
            ("inp/{name}.json", "out/{name}_out.json", "id_out.json", ["id_out.json"], ["id_outXjson", "id_out.json2"]),
            ("inp/{name}.json", "out/{NAME}", "id", ["id"], ["id2", "ID"]),
            ("inp/{a}.{b}", "out/{b}/{a}", "id/id", ["id/id"], ["id/ie"]),
            ("inp/{a}/{a}", "out/{a}", "id", ["id"], ["id/id"]),
            ("inp/{name}", "out/{rand-guid}/{name}", "", [f"{GUID}/id"], ["/id", f"{GUID}/ie"]),
            ("inp/{name}", "out/y-{DateTime:yyyy}-{name}", "y-", ["y-2026-id"], ["y--id"]),
        ],
    )
    def test_is_told_from_the_probes(
        self, source: str, target: str, prefix: str, right: list[str], wrong: list[str]
    ) -> None:
        """The host makes up some parts of it: those may be anything."""
        path = parse_blob_path(source)
        answers = answers_for(path, name_for(path, "id"), parse_blob_path(target))

        assert prefix == answers.prefix
        assert right == [name for name in [*right, *wrong] if answers.names.fullmatch(name)]

    def test_divides_two_names_as_the_host_does(self) -> None:
        """The first takes the most, though the blob was named with another division in mind."""
        source, target = parse_blob_path("inp/{a}d{b}"), parse_blob_path("out/{a}+{b}")

        assert "iddi+" == answers_for(source, name_for(source, "id"), target).prefix
