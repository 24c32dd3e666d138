"""`azure-pipelines/deploy.yml`, expanded as the service expands it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from functions_model.ci.azure_pipelines import camel_case
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.sources import own_variable
from support.documents import ROOT, TEMPLATE
from support.pipeline_templates import Refused, expand_steps, expand_template, read_yaml

CONNECTION = {"serviceConnection": "azure"}
OF_THE_CONNECTION = {"tenant-id", "client-id", "client-secret", "login", "audience", "cloud"}


def expanded(**parameters: str) -> list[dict[str, Any]]:
    return expand_template(TEMPLATE.read_text(), {**CONNECTION, **parameters})


class TestTemplate:
    """Its parameters and its steps."""

    def test_every_input_is_a_parameter(self) -> None:
        """But for what the service connection says; a secret's parameter names a variable."""
        own = {"serviceConnection", "repository", "checkoutSelf"}
        declared = {one["name"] for one in read_yaml(TEMPLATE.read_text())["parameters"]} - own
        expected = {
            camel_case(spec.name) + ("Variable" if spec.secret else "")
            for spec in CATALOGUE
            if spec.name not in OF_THE_CONNECTION
        }

        assert expected == declared

    def test_a_value_reaches_the_input_of_its_name(self) -> None:
        """Through the environment of the step: no value is pasted into the script."""
        specs = [spec for spec in CATALOGUE if spec.name not in OF_THE_CONNECTION and not spec.secret]
        given = {camel_case(spec.name): str(spec.choices[-1]) if spec.choices else spec.name for spec in specs}

        step = expanded(**given)[-1]

        assert {own_variable(spec.name): given[camel_case(spec.name)] for spec in specs} == {
            name: text for name, text in step["env"].items() if name != "SYSTEM_ACCESSTOKEN"
        }
        assert step["inputs"]["inlineScript"] == expanded()[-1]["inputs"]["inlineScript"]

    def test_a_secret_is_named_and_never_given(self) -> None:
        """The template's text has a reference to a variable, which the agent replaces in the step alone."""
        name = own_variable("app-settings")

        assert "$(settings)" == expanded(appSettingsVariable="settings")[-1]["env"][name]
        assert name not in expanded()[-1]["env"]

    def test_the_connection_is_that_of_a_task(self) -> None:
        """Only so may the job use it; the name is an input of the task, and nothing else has to be named."""
        step = expanded()[-1]

        assert ("AzureCLI@2", "azure", "true") == (
            step["task"],
            step["inputs"]["azureSubscription"],
            step["inputs"]["addSpnToEnvironment"],
        )
        assert "$(System.AccessToken)" == step["env"]["SYSTEM_ACCESSTOKEN"]

    def test_the_outputs_have_a_fixed_place(self) -> None:
        """`$(functionsModel.appUrl)`."""
        assert "functionsModel" == expanded(appName="other")[-1]["name"]

    def test_the_sources_are_where_the_job_has_them(self) -> None:
        """With a second repository checked out, `self` would move to a folder of its own name."""
        tool = {"checkout": "functionsModel", "path": "functions-model-action", "fetchDepth": "1"}

        assert [{"checkout": "self", "path": "s"}, tool] == expanded()[:-1]
        assert [{**tool, "checkout": "models"}] == expanded(checkoutSelf="false", repository="models")[:-1]

    @pytest.mark.parametrize(
        ("parameters", "told"),
        [
            ({"trigger": "timer"}, "The 'trigger' parameter value 'timer' is not a valid value"),
            ({"appNam": "scorer"}, "Unexpected parameter 'appNam'"),
            ({"clientSecret": "x"}, "Unexpected parameter 'clientSecret'"),
            ({"checkoutSelf": "maybe"}, "is not of the type boolean"),
        ],
    )
    def test_others_are_refused_before_the_run(self, parameters: dict[str, str], told: str) -> None:
        """By the service itself: parameters are typed."""
        with pytest.raises(Refused, match=told):
            expanded(**parameters)

    @pytest.mark.parametrize("page", sorted(ROOT.glob("docs/how-to/*.md")), ids=lambda path: path.name)
    def test_the_documents_use_it_as_it_is(self, page: Path) -> None:
        """Each example is expanded: what is copied is accepted."""
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            steps = read_yaml(block).get("steps", [])
            expand_steps([one for one in steps if "template" in one], lambda path, _: (ROOT / path).read_text())

    def test_a_connection_is_required(self) -> None:
        """It has no default."""
        with pytest.raises(Refused, match="'serviceConnection' parameter must be provided"):
            expand_template(TEMPLATE.read_text(), {})


SAMPLE = """
parameters:
- {name: names, type: object, default: {}}
- {name: list, type: object, default: []}
- {name: on, type: boolean, default: false}
- {name: count, type: number, default: 2}
- {name: text, type: string, default: it's}
steps:
%s
"""


class TestExpander:
    """`support.pipeline_templates` itself."""

    @pytest.mark.parametrize(
        ("steps", "given", "expected"),
        [
            ("- bash: a ${{ parameters.text }} b", {"text": "x"}, [{"bash": "a x b"}]),
            ("- bash: ${{ parameters.on }}", {"on": "true"}, [{"bash": "True"}]),
            ("- bash: ${{ parameters.count }}", {}, [{"bash": "2"}]),
            ("- ${{ if parameters.on }}:\n  - bash: a\n  - bash: b\n- bash: c", {}, [{"bash": "c"}]),
            ("- ${{ if eq(parameters.text, 'IT''S') }}:\n  - bash: a", {}, [{"bash": "a"}]),
            ("- ${{ if and(ne(parameters.count, 3), not(parameters.on)) }}:\n  - bash: a", {}, [{"bash": "a"}]),
            ("- ${{ if or(eq(parameters.on, true), parameters.text) }}:\n  - bash: a", {}, [{"bash": "a"}]),
            (
                "- bash: a\n  env:\n   ${{ each one in parameters.names }}:\n     ${{ one.key }}: $(${{ one.value }})",
                {"names": {"KEY": "key", "B": "b"}},
                [{"bash": "a", "env": {"KEY": "$(key)", "B": "$(b)"}}],
            ),
            (
                "- ${{ each one in parameters.list }}:\n  - bash: ${{ one }}",
                {"list": ["a", "b"]},
                [{"bash": "a"}, {"bash": "b"}],
            ),
        ],
    )
    def test_does_as_documented(self, steps: str, given: dict[str, Any], expected: list[dict[str, Any]]) -> None:
        """Text, types, `if` and `each`, in lists and in mappings."""
        assert expected == expand_template(SAMPLE % steps, given)

    @pytest.mark.parametrize(
        "steps",
        [
            "- bash: ${{ variables.x }}",
            "- bash: ${{ parameters.none }}",
            "- bash: ${{ format('{0}', parameters.text) }}",
            "- bash: ${{ parameters.text",
            "- bash: ${{ parameters.text + 1 }}",
            "- bash: a ${{ parameters.list }}",
            "- ${{ else }}:\n  - bash: a",
            "- ${{ if parameters.on }}:\n    bash: a",
            "- ${{ each one in parameters.text }}:\n  - bash: a",
            "- ${{ if eq(parameters.text, 'a' }}:\n  - bash: a",
        ],
    )
    def test_refuses_what_it_does_not_know(self, steps: str) -> None:
        """So that the template uses nothing whose meaning is a guess."""
        with pytest.raises(Refused):
            expand_template(SAMPLE % steps, {"on": "true"})

    def test_a_template_stands_in_the_place_of_its_call(self) -> None:
        """Read from the repository that its path names."""
        steps = [{"bash": "a"}, {"template": "deploy.yml@models", "parameters": {"text": "b"}}]

        found = expand_steps(steps, lambda path, alias: SAMPLE % f"- bash: {path} {alias} ${{{{ parameters.text }}}}")

        assert [{"bash": "a"}, {"bash": "deploy.yml models b"}] == found
