"""What people read about the image: its base, its layers, and what was sent."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_model.ci.plain import PlainHost
from functions_model.core.build import Build, Builder
from functions_model.core.references import Digest, ImageReference
from functions_model.environment import EnvironmentRequest, Lock, PythonChoice
from functions_model.environment.locked_packages import LockedPackage
from functions_model.environment.request import CondaRequest
from functions_model.image.compression import Compression
from functions_model.pipeline.contents import CodeFound
from functions_model.pipeline.events import (
    Attached,
    BaseChosen,
    ContextWritten,
    EngineRan,
    EnvironmentResolved,
    Event,
    ImageBuilt,
    ImagePushed,
    LayerOrigin,
    LayerReady,
)
from functions_model.registry import BlobTransfer, How, PushedImage
from functions_model.report.image_text import age, compression_reason, layer_line, sent_sentence, transfer_lines
from functions_model.report.narration import narrate
from functions_model.report.outputs import outputs
from functions_model.report.page import summary
from support.events import GREEN, NOW, OLDER, built, deployment
from support.wanted import spec_for

if TYPE_CHECKING:
    from functions_model.image.layers import Layer

REFERENCE = ImageReference("contoso.azurecr.io", "package", "1.0", GREEN)


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    """A model's layer of a gigabyte that nobody has to make."""
    made = built(tmp_path).image.layers[1]
    return replace(
        made, digest=GREEN, size=1_070_000_000, tree_size=1_070_000_000, compression=Compression.RAW, ratio=None
    )


def log(*events: Event | Attached | EngineRan) -> str:
    """What the log says of these."""
    stream = io.StringIO()
    tell = narrate(PlainHost(stream), now=lambda: NOW)
    for event in events:
        tell(event)
    return stream.getvalue()


def transfer(*blobs: tuple[str, int, How], written: bool = True) -> PushedImage:
    """A push of these."""
    moved = tuple(
        BlobTransfer(name, Digest(f"sha256:{n:064x}"), size, how) for n, (name, size, how) in enumerate(blobs)
    )
    sent = sum(blob.size for blob in moved if blob.how is How.SENT)
    return PushedImage(REFERENCE, moved, sent, 31, manifest_written=written)


class TestBase:
    """`base_line`, `base_news`, `age`."""

    def test_the_line_has_its_digest_and_age(self, tmp_path: Path) -> None:
        """A base that is never renewed grows old; one should see it."""
        base = built(tmp_path).image.base

        text = log(BaseChosen(base, NOW - timedelta(days=34)))

        assert text == "Base mcr.microsoft.com/azure-functions/python:4-python3.12 at 999999999999, built 34 days ago\n"

    def test_another_or_a_newer_base_is_announced(self, tmp_path: Path) -> None:
        """In the log, and as a note on the page."""
        base = built(tmp_path).image.base
        chosen = BaseChosen(base, None, before=OLDER, newer=OLDER)

        page = summary(spec_for(), [chosen, built(tmp_path)], None, 1.0, now=NOW)

        newer = f"There is a newer base image: the tag `4-python3.12` now means {OLDER}."
        newer += " To use it, name it in `base-image`."
        assert log(chosen).splitlines()[1:] == [
            "Note: The base image differs from that of the last image: 888888888888 -> 999999999999.",
            f"Note: {newer}",
        ]
        assert "> [!NOTE]\n> There is a newer base image" in page

    def test_the_base_of_before_is_no_news(self, tmp_path: Path) -> None:
        """Nothing has changed, so nothing is said."""
        assert log(BaseChosen(built(tmp_path).image.base, None, before=GREEN, newer=GREEN)).count("\n") == 1

    @pytest.mark.parametrize(
        ("created", "text"),
        [
            (NOW, "built today"),
            (NOW - timedelta(days=1), "built yesterday"),
            (NOW - timedelta(days=400), "built 400 days ago"),
            (None, ""),
            (datetime.fromtimestamp(0, tz=NOW.tzinfo), ""),
            (NOW + timedelta(days=1), ""),
        ],
    )
    def test_ages(self, created: datetime | None, text: str) -> None:
        """The epoch means that nobody knows; a time to come is no age."""
        assert age(created, NOW) == text


class TestCode:
    """`code_line`."""

    @pytest.mark.parametrize(
        ("found", "text"),
        [
            (CodeFound(".", {"score.py": 700}), "Code: 1 file, 700 B, from the workspace: `score.py`"),
            (
                CodeFound("src", {"a.py": 1, "b.json": 4200, "c.py": 9, "d.py": 2}, ".gitignore"),
                (
                    "Code: 4 files, 4.21 kB, from `src` without what its `.gitignore` names."
                    " The largest: `b.json` 4.2 kB, `c.py` 9 B, `d.py` 2 B"
                ),
            ),
        ],
    )
    def test_what_goes_in_is_told(self, tmp_path: Path, found: CodeFound, text: str) -> None:
        """In the log of a job, and on the page."""
        page = summary(spec_for(), [found, built(tmp_path)], None, 1.0, now=NOW)

        assert f"{text}\n" == log(found)
        assert f"\n{text}.\n" in page


class TestLayers:
    """`layer_line`, `compression_reason`."""

    def test_each_way_reads_well(self, layer: Layer) -> None:
        """Found, packed, or sent in one pass; the rate where it means something."""
        found = replace(layer, name="dependencies", repository="functions-model/cache")
        small = replace(layer, name="code", size=2_100, tree_size=9_000, compression=Compression.GZIP)
        stored = replace(layer, compression=Compression.STORED, ratio=0.98)

        why = "stored: a sample shrank by 2 %"
        lines = [
            layer_line(LayerReady(found, LayerOrigin.FOUND, 0.0)),
            layer_line(LayerReady(replace(found, name="model", repository=""), LayerOrigin.FOUND, 0.0)),
            layer_line(LayerReady(stored, LayerOrigin.SENT, 21.3)),
            layer_line(LayerReady(small, LayerOrigin.PACKED, 0.001)),
        ]

        assert lines == [
            "  dependencies     1.07 GB  999999999999  reused, not installed (from `functions-model/cache`)",
            "  model            1.07 GB  999999999999  reused, not packed",
            f"  model            1.07 GB  999999999999  packed and sent in one pass in 21.3 s, 50.2 MB/s; {why}",
            "  code              2.1 kB  999999999999  packed; gzip: 9 kB of files",
        ]

    def test_a_sample_that_does_not_shrink_is_said(self, layer: Layer) -> None:
        """Some files even grow."""
        assert compression_reason(replace(layer, ratio=1.02)) == "a sample did not shrink"
        assert compression_reason(layer) == ""

    @pytest.mark.parametrize(
        ("origin", "how", "became"),
        [
            (LayerOrigin.PACKED, How.SENT, "sent"),
            (LayerOrigin.SENT, How.PRESENT, "sent"),
            (LayerOrigin.FOUND, How.PRESENT, "reused"),
            (LayerOrigin.PACKED, How.MOUNTED, "reused"),
        ],
    )
    def test_the_page_says_whether_each_was_sent(
        self, tmp_path: Path, origin: LayerOrigin, how: How, became: str
    ) -> None:
        """One row a layer, in a word; how it was packed is for the log of a job."""
        image = built(tmp_path)
        lower, upper = image.image.layers
        events: list[Event] = [
            *(LayerReady(one, origin, 0.0) for one in (lower, upper)),
            image,
            ImagePushed(
                PushedImage(
                    image.app.reference,
                    tuple(BlobTransfer(layer.name, layer.digest, layer.size, how) for layer in image.image.layers),
                    274,
                    9,
                    manifest_written=True,
                )
            ),
        ]

        rows = [line for line in summary(spec_for(), events, None, 1.0).splitlines() if line.startswith("| ")]

        assert ["| base image | 1.3 GB | reused |", f"| dependencies | {lower.size} B | {became} |"] == rows[1:3]
        assert "| **sent in all** | **274 B** | |" == rows[4]

    def test_of_a_plan_are_new_or_reused(self, tmp_path: Path) -> None:
        """Nothing was sent, so nothing is said of that."""
        image = built(tmp_path)
        lower, upper = image.image.layers
        events = [LayerReady(lower, LayerOrigin.FOUND, 0.0), LayerReady(upper, LayerOrigin.PACKED, 0.0), image]

        rows = [line for line in summary(spec_for(), events, None, 1.0).splitlines() if line.startswith("| ")]

        assert [f"| dependencies | {lower.size} B | reused |", f"| model | {upper.size} B | new |"] == rows[2:4]


class TestTransfers:
    """`transfer_lines`, `sent_sentence`."""

    def test_the_layers_of_the_base_are_told_together(self) -> None:
        """A base has twenty; nobody reads twenty lines."""
        pushed = transfer(
            ("base layer 1", 1_000_000_000, How.IMPORTED),
            ("base layer 2", 300_000_000, How.IMPORTED),
            ("base layer 3", 5, How.PRESENT),
            ("model", 1_070_000_000, How.SENT),
            ("config", 9_000, How.SENT),
        )

        assert transfer_lines(pushed) == [
            "  base image        1.3 GB  2 layers imported",
            "  base image           5 B  1 layer present",
            "  model            1.07 GB  sent",
            "  config              9 kB  sent",
        ]
        assert sent_sentence(pushed) == "1.07 GB sent in 31 requests; 1.3 GB not sent (1.3 GB imported, 5 B present)."

    def test_what_was_gone_without_is_said(self, tmp_path: Path) -> None:
        """A cache that may not be written to is no failure, and no secret either."""
        note = "The cache repository may not be written."
        pushed = replace(transfer(("model", 5_000, How.SENT)), notes=(note,))

        page = summary(spec_for(), [built(tmp_path), ImagePushed(pushed)], None, 1.0)

        assert log(ImagePushed(pushed)).splitlines()[-1] == f"Note: {note}"
        assert f"- {note}" in page
        assert note in log(ImagePushed(replace(pushed, manifest_written=False)))

    def test_a_first_push_has_nothing_that_was_not_sent(self) -> None:
        """No clause about nothing."""
        assert sent_sentence(transfer(("model", 5_000, How.SENT))) == "5 kB sent in 31 requests."


class TestBuilders:
    """What the other builders tell."""

    def test_what_the_engine_built_is_said(self, tmp_path: Path) -> None:
        """In the log and on the page, with the system packages."""
        ran = EngineRan("docker/Dockerfile", ("libgomp1", "gfortran"), 3, 52_000_000, 61.0)
        spec = replace(spec_for(), build=Build(Builder.DOCKER, apt_packages=ran.apt_packages))

        page = summary(spec, [ran, *deployment(tmp_path)], None, 1.0)

        line = (
            "Built from docker/Dockerfile by the container engine, with libgomp1, gfortran: 3 layers, 52 MB in 61.0 s"
        )
        assert log(ran) == f"{line}\n"
        assert f"- {line}." in page
        assert "- System packages: libgomp1, gfortran." in page

    def test_a_written_context_is_no_live_app(self, tmp_path: Path) -> None:
        """The headline says that nothing was built; the folder is an output."""
        written = ContextWritten(tmp_path, "mcr.microsoft.com/x:1")

        page = summary(spec_for(), [written], None, 1.0)

        assert page.startswith("## `iris` is written as a build context; nothing was built (1.0 s)")
        assert f"`{tmp_path}` has a Dockerfile" in page
        assert outputs(spec_for(), [written]) == {"build-context": str(tmp_path)}
        assert log(written).endswith("Nothing was built or sent.\n")

    def test_an_attachment_is_told(self, tmp_path: Path) -> None:
        """In the log by the digest that a scanner asks for."""
        attached = Attached("bill of materials", GREEN, 4_200)

        page = summary(spec_for(), [*deployment(tmp_path), attached], None, 1.0)

        assert log(attached) == "Bill of materials: 4.2 kB, 999999999999\n"
        assert ", with a bill of materials\n" in page

    def test_why_conda_and_what_is_compiled_is_said(self) -> None:
        """Both cost minutes; people should know why."""
        conda = CondaRequest((), (), "line 4 asks for `r-base`, which has no matching wheel")
        request = EnvironmentRequest(Path("conda.yml"), "3.12", (), conda=conda)
        lock = Lock("", GREEN, (LockedPackage("six", "1.17.0", ()),), request, "linux", compiled=("six", "ujson"))

        event = EnvironmentResolved(request, PythonChoice("3.12", "asked for"), lock)

        assert log(event).splitlines()[1:] == [
            "Note: Conda packages are used, as line 4 asks for `r-base`, which has no matching wheel.",
            "Note: No wheel fits, so these are compiled: six, ujson.",
        ]

    def test_the_end_of_a_python_is_said(self) -> None:
        """Azure Functions ends with Python's own support, and its base image gets no patches then."""
        request = EnvironmentRequest(Path("conda.yml"), "3.10", ())
        lock = Lock("", GREEN, (), request, "linux")

        said = [log(EnvironmentResolved(request, PythonChoice(minor, "x"), lock)) for minor in ("3.10", "3.11")]

        assert [True, False] == ["Note: The support of Python 3.10 ended on 31 October 2026" in one for one in said]

    def test_the_chosen_base_is_an_output_before_there_is_an_image(self, tmp_path: Path) -> None:
        """A plan that was refused still says which base it would have been."""
        image: ImageBuilt = built(tmp_path)

        found = outputs(spec_for(), [BaseChosen(image.image.base)])

        assert found == {"base-image": f"mcr.microsoft.com/azure-functions/python@{GREEN}"}
