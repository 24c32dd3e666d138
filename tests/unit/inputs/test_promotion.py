"""`image`: an image that is there is deployed, and decides what the other inputs of its making would say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import InputsInvalid, Problem
from functions_model.core.promotion import PromotionSpec
from functions_model.core.references import ImageReference, digest_of
from functions_model.core.secrets import RegistryLogin, Secret
from functions_model.core.spec import BlobTrigger, HttpTrigger, ServiceBusQueueTrigger
from functions_model.inputs import from_arguments, read_any
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.specs import WITH_AZURE
from support.inputs import BARE

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = digest_of(b"")
IMAGE = f"contoso.azurecr.io/churn/model@{DIGEST}"
GIVEN = {**BARE, "image": IMAGE}
BLOBS = {"trigger": "blob", "input-path": "input/{name}", "output-path": "output/{name}"}
QUEUES = {"trigger": "service-bus-queue", "input-queue-name": "in", "output-queue-name": "out"}


def read(tmp_path: Path, **inputs: str) -> PromotionSpec:
    """What an otherwise right deployment of an image says."""
    given = {**GIVEN, **{name.replace("_", "-"): text for name, text in inputs.items()}}
    spec = read_any(given, workspace=tmp_path)
    assert isinstance(spec, PromotionSpec)
    return spec


def refused(tmp_path: Path, **inputs: str) -> tuple[Problem, ...]:
    """What is wrong with it."""
    with pytest.raises(InputsInvalid) as refusal:
        read(tmp_path, **inputs)
    return refusal.value.problems


class TestWhere:
    """Where the image is, and where the app pulls it from."""

    def test_the_registry_and_the_name_are_the_images_own(self, tmp_path: Path) -> None:
        """So that a stage that shares the registry gives nothing but the image."""
        spec = read(tmp_path, registry="")

        assert ImageReference("contoso.azurecr.io", "churn/model", digest=DIGEST) == spec.source
        assert ("contoso.azurecr.io", "churn/model") == (spec.image.registry, spec.image.repository)

    def test_others_may_be_given(self, tmp_path: Path) -> None:
        """The image is then imported."""
        spec = read(tmp_path, registry="production", image_name="live/churn")

        assert ("production.azurecr.io", "live/churn") == (spec.image.registry, spec.image.repository)

    def test_a_tag_beside_the_digest_says_nothing(self, tmp_path: Path) -> None:
        """The digest alone counts."""
        assert read(tmp_path).source == read(tmp_path, image=IMAGE.replace("@", ":1@")).source

    def test_a_tag_alone_is_refused_with_the_way_to_its_digest(self, tmp_path: Path) -> None:
        """It may mean another image tomorrow."""
        (problem,) = refused(tmp_path, image="contoso.azurecr.io/churn/model:1")

        assert "image" == problem.subject
        assert "has no digest" in problem.what
        assert "`az acr repository show --name contoso --image churn/model:1 --query digest`" in problem.remedy

    @pytest.mark.parametrize("text", ["churn", "churn@sha256:1", f"contoso/churn@{DIGEST}", f"{IMAGE}0", "https://x/y"])
    def test_what_names_no_image_is_refused(self, tmp_path: Path, text: str) -> None:
        """One problem, about this input."""
        assert ["image"] == [problem.subject for problem in refused(tmp_path, image=text)]

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            (f"https://{IMAGE}", "begins with a protocol"),
            (f"churn@{DIGEST}", "does not start with a registry host"),
            ("contoso.azurecr.io/churn@sha256:9846bb37f4d2", "is not a sha256 digest"),
        ],
    )
    def test_what_is_malformed_is_told_with_the_form_that_is_taken(self, tmp_path: Path, text: str, what: str) -> None:
        """A tag, which a base image may have, is none."""
        (problem,) = refused(tmp_path, image=text)
        form = problem.remedy.partition("`host/")[2].partition("`")[0]
        written = f"contoso.azurecr.io/{form.replace('<64 hex digits>', 'ab' * 32)}"

        assert what in problem.what
        assert ":tag" not in problem.remedy
        assert written == read(tmp_path, image=written).source.pinned

    def test_a_registry_that_no_app_can_pull_from_is_refused(self, tmp_path: Path) -> None:
        """With the way out: a registry of Azure imports it."""
        image = f"ghcr.io/contoso/churn@{DIGEST}"
        (problem,) = refused(tmp_path, image=image, registry="")

        assert "registry" == problem.subject
        assert "imports" in problem.remedy
        assert "ghcr.io" == read(tmp_path, image=image).source.registry


class TestEmpty:
    """An image that came out empty."""

    @pytest.mark.parametrize("image", ["", " "])
    def test_is_told_where_there_is_nothing_to_build_from(self, tmp_path: Path, image: str) -> None:
        """GitHub passes an output that is not there as an empty text, as it does an input that is not given."""
        remedies = [problem.remedy for problem in refused(tmp_path, image=image) if problem.subject == "model-path"]

        assert [True] == ["`image` is not set, or is empty" in remedy for remedy in remedies]

    @pytest.mark.parametrize("given", [{"entry_script": "score.py"}, {"mode": "package"}])
    def test_is_not_what_was_meant_where_something_is_built(self, tmp_path: Path, given: dict[str, str]) -> None:
        """A model alone was forgotten."""
        remedies = [problem.remedy for problem in refused(tmp_path, image="", **given)]

        assert [] == [remedy for remedy in remedies if "`image`" in remedy]

    def test_is_refused_on_the_command_line(self) -> None:
        """As any option that has no value."""
        with pytest.raises(InputsInvalid, match="image: it is empty"):
            from_arguments(["--image", ""])


class TestDecided:
    """What the image decides."""

    def test_each_is_refused_beside_it_with_all_that_is_wrong_besides(self, tmp_path: Path) -> None:
        """Whatever their texts say; what is wrong with others is told at the same time."""
        decided = {spec.name: "x" for spec in CATALOGUE if spec.of_image and set(spec.modes) & set(WITH_AZURE)}
        with pytest.raises(InputsInvalid) as refusal:
            read_any({**GIVEN, **decided, "location": "", "slot-name": "a b"}, workspace=tmp_path)
        subjects = [problem.subject for problem in refusal.value.problems]

        assert sorted([*decided, "location", "slot-name"]) == sorted(subjects)
        assert {"model-path", "entry-script", "environment-file", "trigger", "python-version", "builder"} < set(decided)

    def test_none_of_them_has_a_default(self) -> None:
        """GitHub hands a default on as if it were given."""
        assert [] == [spec.name for spec in CATALOGUE if spec.of_image and spec.default is not None]

    def test_a_time_that_build_tools_share_is_none_of_them(self, tmp_path: Path) -> None:
        """It may come from the variable `SOURCE_DATE_EPOCH` of the whole job."""
        assert read(tmp_path, source_date_epoch="7")

    def test_those_of_an_inputs_file_give_way_to_an_image_that_is_given(self, tmp_path: Path) -> None:
        """One file serves the stage that builds and those that follow."""
        (tmp_path / "inputs.yml").write_text("model-path: model\nentry-script: score.py\nplan-sku: P1v3\n")
        spec = read(tmp_path, inputs_file="inputs.yml")
        (note,) = spec.notes

        assert "`model-path`, `entry-script`" in note
        assert "P1v3" == spec.completed({"trigger": "http"}).target.hosting.sku  # type: ignore[union-attr]

    def test_an_image_of_the_same_file_does_not_overrule_them(self, tmp_path: Path) -> None:
        """The file contradicts itself."""
        (tmp_path / "inputs.yml").write_text(f"model-path: model\nimage: {IMAGE}\n")
        (problem,) = refused(tmp_path, inputs_file="inputs.yml", image="")

        assert "model-path" == problem.subject
        assert problem.location

    def test_other_modes_do_not_read_it(self, tmp_path: Path) -> None:
        """`mode: package` builds, whatever image is given."""
        with pytest.raises(InputsInvalid) as refusal:
            read_any({**GIVEN, "mode": "package"}, workspace=tmp_path)

        assert {"model-path", "entry-script"} >= {problem.subject for problem in refusal.value.problems}


class TestSourceLogin:
    """Who we are to the image's registry alone."""

    def test_is_a_name_and_a_password(self, tmp_path: Path) -> None:
        """The password is shown nowhere."""
        spec = read(tmp_path, image_username="reader", image_password="s3cret-of-theirs")

        assert RegistryLogin("reader", Secret("s3cret-of-theirs")) == spec.source_login
        assert "s3cret" not in repr(spec)

    @pytest.mark.parametrize("name", ["image-username", "image-password"])
    def test_one_of_the_two_is_refused(self, tmp_path: Path, name: str) -> None:
        """Whichever it is."""
        assert [name] == [problem.subject for problem in refused(tmp_path, **{name.replace("-", "_"): "x"})]

    def test_without_an_image_it_is_for_nothing(self, tmp_path: Path) -> None:
        """Both are told, with all else."""
        subjects = [problem.subject for problem in refused(tmp_path, image="", image_username="x", image_password="y")]

        assert {"image-username", "image-password", "model-path"} < set(subjects)


class TestCompleted:
    """What follows from the trigger, once the label has told it."""

    def test_an_http_trigger_needs_nothing_more(self, tmp_path: Path) -> None:
        """Who may call the app stands in the label, too."""
        spec = read(tmp_path).completed({"trigger": "http", "auth-level": "admin"})

        assert isinstance(spec.trigger, HttpTrigger)
        assert "admin" == spec.trigger.auth_level
        assert spec.target
        assert (None, None) == (
            spec.target.resources.data_storage_account,
            spec.target.resources.service_bus_namespace,
        )

    @pytest.mark.parametrize(("told", "prefix"), [("none", ""), ("models/v2", "models/v2"), ("", None)])
    def test_so_does_what_stands_before_its_paths(self, tmp_path: Path, told: str, prefix: str | None) -> None:
        """The image has its addresses."""
        decided = {"trigger": "http", "auth-level": "admin"} | ({"route-prefix": told} if told else {})

        assert prefix == read(tmp_path).completed(decided).route_prefix

    def test_the_account_of_a_blob_trigger_follows_from_the_app(self, tmp_path: Path) -> None:
        """Or it is given, beside the image."""
        derived, given = (read(tmp_path, data_storage_account=name).completed(BLOBS) for name in ("", "churndata"))

        assert BlobTrigger("input/{name}", "output/{name}") == derived.trigger
        assert derived.target
        assert given.target
        assert str(derived.target.resources.data_storage_account).startswith("churnscoredata")
        assert "churndata" == given.target.resources.data_storage_account

    def test_the_namespace_of_a_queue_trigger_follows_from_the_app(self, tmp_path: Path) -> None:
        """With the size that was asked for."""
        spec = read(tmp_path, service_bus_sku="Premium").completed(QUEUES)

        assert ServiceBusQueueTrigger("in", "out") == spec.trigger
        assert spec.target
        assert "Premium" == spec.target.service_bus_sku
        assert str(spec.target.resources.service_bus_namespace).startswith("churn-scorer-bus-")

    @pytest.mark.parametrize(
        ("given", "decided"),
        [
            ({"data_storage_account": "churndata"}, QUEUES),
            ({"service_bus_namespace": "churn-bus"}, BLOBS),
            ({"service_bus_sku": "Premium"}, {"trigger": "http"}),
            ({"verify_trigger": "look"}, {"trigger": "http"}),
        ],
    )
    def test_what_its_trigger_does_not_use_is_refused(
        self, tmp_path: Path, given: dict[str, str], decided: dict[str, str]
    ) -> None:
        """Before the image was read, nobody could know."""
        spec = read(tmp_path, **given)
        with pytest.raises(InputsInvalid) as refusal:
            spec.completed(decided)

        assert [next(iter(given)).replace("_", "-")] == [problem.subject for problem in refusal.value.problems]

    def test_a_probe_needs_a_sample_whatever_the_trigger(self, tmp_path: Path) -> None:
        """That is told at once, what depends on the trigger later."""
        (problem,) = refused(tmp_path, verify_trigger="send")
        (tmp_path / "sample.json").write_text("{}")
        spec = read(tmp_path, verify_trigger="send", sample_request="sample.json")

        assert "sample request" in problem.what
        assert spec.completed(BLOBS).sends_probe
        with pytest.raises(InputsInvalid, match="output-path"):
            spec.completed({**BLOBS, "output-path": ""})

    @pytest.mark.parametrize("decided", [{"trigger": "timer"}, {"trigger": "blob"}, {**BLOBS, "input-path": "{"}])
    def test_a_label_that_no_version_writes_is_refused(self, tmp_path: Path, decided: dict[str, str]) -> None:
        """It comes from outside."""
        with pytest.raises(InputsInvalid):
            read(tmp_path).completed(decided)
