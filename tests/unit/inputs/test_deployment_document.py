"""`deployment-file` as a document: what is no YAML, no deployment, or no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.spec import Code
from functions_model.inputs.reading import read_inputs
from support.inputs import BARE, HEAD, WHOLE, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class TestFile:
    """The file as a whole."""

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "deployment-file 1 it is empty"),
            ("- a", "deployment-file 1 it is not a mapping"),
            ("a: b\nc: 'd", "deployment-file 2 it is not YAML"),
            ("a: \x07", "deployment-file None it is not YAML"),
            ("modle: a", "deployment-file 1 there is no key `modle`. Did you mean `model`?"),
            ("auth_mode: key", "deployment-file 1 there is no key `auth_mode`. The keys are: `model`"),
            ("name: a\nname: b", "deployment-file 2 the key `name` is set twice"),
            ("name: a\nmodel: azureml:${{ parent.inputs.model }}", "2 `azureml:${{ parent.inputs.model }}` is an expr"),
            ("$schema: https://a/b/managedOnlineEndpoint.schema.json", "1 it is a `managedOnlineEndpoint`, not an"),
            ("? [a]\n: b", "deployment-file 1 there is no key ``"),
            ("b:\na: &a [*a]", "deployment-file 2 the alias `*a` stands inside of what it means"),
        ],
    )
    def test_refuses(self, text: str, words: str, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """With the line; what the file might have given is not missed."""
        found = told(write(text), workspace)

        assert [True] == [words in problem for problem in found]

    def test_not_there(self, workspace: Path) -> None:
        """One problem, and not three."""
        found = told({**BARE, "deployment-file": "none.yml"}, workspace)

        assert ["deployment-file"] == [problem.partition(" ")[0] for problem in found]

    def test_not_utf8(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """No other encoding is guessed."""
        values = write("")
        (workspace / values["deployment-file"]).write_bytes(b"\xff\xfe\x00")

        assert "is not UTF-8 text" in told(values, workspace)[0]

    def test_all_at_once(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """Problems of the file and of the inputs, all in one go."""
        text = WHOLE.replace("model/", "none/").replace("score.py", "none.py").replace("LEVEL:", "DOCKER_LEVEL:")

        found = told({**write(text + "liveness_prob: 1\n"), "plan-sku": "Y1"}, workspace)

        assert {"deployment-file 17", "model-path 5", "entry-script 8", "app-settings 13", "plan-sku -"} == {
            " ".join(problem.split()[:2]) for problem in found
        }

    def test_every_unused_key_has_a_note(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """Whatever else Azure ML takes there is named, and told."""
        keys = {
            "description": "a",
            "type": "managed",
            "tags": "{a: b}",
            "properties": "{}",
            "request_settings": "{request_timeout_ms: 3000, max_concurrent_requests_per_instance: 2}",
            "liveness_probe": "{period: 10}",
            "readiness_probe": "{period: 10}",
            "scale_settings": "{type: default}",
            "app_insights_enabled": "true",
            "model_mount_path": "/var/model",
            "egress_public_network_access": "disabled",
            "resources": "{requests: {cpu: 1}}",
        }

        spec = read_inputs(
            write(HEAD + "".join(f"{key}: {value}\n" for key, value in keys.items())),
            workspace=workspace,
        )

        assert list(keys) == [note.split("`")[1] for note in spec.notes]

    def test_at_the_root(self, write: Callable[[str], dict[str, str]], workspace: Path) -> None:
        """A file in the workspace itself names what is beside it."""
        text = WHOLE.replace("../../", "./")
        values = {**write(text), "deployment-file": "deployment.yml"}
        (workspace / "deployment.yml").write_text(text)

        spec = read_inputs(values, workspace=workspace)

        assert spec.code == Code(workspace / "src/score.py", workspace / "src", "src/score.py")
