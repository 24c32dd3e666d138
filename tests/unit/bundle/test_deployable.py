"""The label by which an image can be deployed that was made before; it comes from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions_model.bundle.deployable import (
    LABEL,
    VARIABLE,
    Label,
    NotOurs,
    deployment_label,
    read_label,
    told_by_variables,
)
from functions_model.core.spec import AuthLevel, BlobTrigger, HttpTrigger, ServiceBusQueueTrigger, Trigger
from functions_model.image.configs import ImageConfig

BUILD = "0123456789abcdef" * 2
WHOLE: dict[str, Any] = {"build": BUILD, "functions": ["score"], "inputs": {"trigger": "http"}, "layout": 1}


def config(label: object, build: object = f"{VARIABLE}={BUILD}") -> ImageConfig:
    """A configuration with that label."""
    return ImageConfig({"config": {"Labels": {LABEL: label}, "Env": ["A=1", build]}})


def refusal(found: ImageConfig) -> str:
    """What is said of an image that is none of ours."""
    with pytest.raises(NotOurs) as refused:
        read_label(found)
    assert refused.value.remedy
    return refused.value.what


@pytest.mark.parametrize(
    ("trigger", "functions", "inputs"),
    [
        (
            HttpTrigger(AuthLevel.ADMIN),
            ("score", "swagger", "cors", "check", "identity", "warmup"),
            {"auth-level": "admin", "trigger": "http"},
        ),
        (
            BlobTrigger("in/{name}.json", 'ou"t/$ä\n{name}'),
            ("score", "check", "identity", "warmup"),
            {"input-path": "in/{name}.json", "output-path": 'ou"t/$ä\n{name}', "trigger": "blob"},
        ),
        (
            BlobTrigger("in/{name}", None),
            ("score", "check", "identity", "warmup"),
            {"input-path": "in/{name}", "trigger": "blob"},
        ),
        (
            ServiceBusQueueTrigger("in", "out"),
            ("score", "check", "identity", "warmup"),
            {"input-queue-name": "in", "output-queue-name": "out", "trigger": "service-bus-queue"},
        ),
    ],
)
def test_what_is_written_is_read(trigger: Trigger, functions: tuple[str, ...], inputs: dict[str, str]) -> None:
    """Build, functions and the inputs that the making has decided, for each trigger, on one line."""
    label = deployment_label(trigger, BUILD)

    assert Label(BUILD, functions, inputs) == read_label(config(label))
    assert "\n" not in label


@pytest.mark.parametrize(
    "document",
    [
        *({}, {"config": None}, {"config": []}, {"config": {"Labels": None}}, {"config": {"Labels": [LABEL]}}),
        {"config": {"Labels": {"functions-model.trigger": "http"}}},
    ],
)
def test_an_image_without_the_label_is_another_make(document: dict[str, Any]) -> None:
    """Whatever else its configuration has in the place of labels."""
    assert "has no label" in refusal(ImageConfig(document))


BROKEN: dict[str, tuple[Any, ...]] = {
    "layout": (None, "1", 1.0, True, []),
    "build": (None, 7, "", BUILD[:31], BUILD.upper(), f"{BUILD}\n"),
    "functions": (None, "score", [], [7], [""], ["a b"], ["../x"]),
    "inputs": (None, [], {}, {"trigger": 7}, {"app-settings": "A=1"}),
}


@pytest.mark.parametrize(
    "label",
    [
        *(None, 7, [], "", "{", "[]", "7", "null", '"text"', "[" * 60_000, " " * 70_000 + "{}", "1" * 5_000),
        *(json.dumps(WHOLE | {name: value}) for name, values in BROKEN.items() for value in values),
        *(json.dumps({key: value for key, value in WHOLE.items() if key != left}) for left in WHOLE),
    ],
)
def test_a_label_that_is_not_as_we_write_it_is_refused(label: object) -> None:
    """Never a traceback, and never an input that the label has no say in."""
    expected = "has no label" if label is None else "is not as this tool writes it"
    assert expected in refusal(config(label))


def test_a_newer_layout_asks_for_a_newer_version() -> None:
    """Whatever else has changed in it."""
    assert "the layout 3, and this version reads 2" in refusal(config('{"layout": 3, "build": []}'))


@pytest.mark.parametrize(("prefix", "told"), [("Models/v2", "Models/v2"), ("", "none")])
def test_a_route_prefix_is_told_to_those_who_can_follow_it(prefix: str, told: str) -> None:
    """Others would look for the app below `/api`; what is there as it always was, has the label that it always had."""
    label = deployment_label(HttpTrigger(), BUILD, prefix)

    assert {"auth-level": "function", "route-prefix": told, "trigger": "http"} == read_label(config(label)).inputs
    assert [2, 1] == [json.loads(one)["layout"] for one in (label, deployment_label(HttpTrigger(), BUILD, "api"))]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({VARIABLE: BUILD, "SERVICE_PATH_PREFIX": "v2"}, (BUILD, "v2")),
        ({VARIABLE: BUILD, "SERVICE_PATH_PREFIX": ""}, (BUILD, "")),
        ({VARIABLE: BUILD}, (BUILD, "api")),
        ({"SERVICE_PATH_PREFIX": "v2"}, ("", None)),
    ],
)
def test_variables_tell_what_ran_before(variables: dict[str, str], told: tuple[str, str | None]) -> None:
    """Of an image that is put back."""
    assert told == told_by_variables(variables)


@pytest.mark.parametrize("build", ["A=2", f"{VARIABLE}=", f"{VARIABLE}={BUILD[::-1]}", 7, None])
def test_another_build_in_the_image_than_in_the_label(build: object) -> None:
    """Somebody has changed one of the two: what answers could never be told to be this build."""
    assert "names another build" in refusal(config(json.dumps(WHOLE), build))
