"""The text of the generated Dockerfile."""

from __future__ import annotations

from typing import Any

import pytest

from functions_model.core.failures import BundleFailed
from functions_model.engine import Recipe
from functions_model.engine.dockerfile import dockerfile_text
from functions_model.engine.own_dockerfile import parse_dockerfile

BASE = "registry.test/python@sha256:" + "0" * 64

WHOLE = f"""\
FROM {BASE} AS dependencies
RUN apt-get update \\
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libgomp1 libzbar0=0.23-1 \\
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/aux-cache /var/log/apt /var/log/dpkg.log

FROM dependencies AS packages
USER root
COPY functions-model/installer/ /functions-model-installer/
ARG UV_DEFAULT_INDEX
ARG UV_INDEX
ARG UV_FIND_LINKS
ARG UV_SYSTEM_CERTS
RUN /functions-model-installer/uv pip install --no-config --color never --no-cache --link-mode copy --python 3.11 \
--no-python-downloads --target /functions-model-packages --no-deps --require-hashes --requirements \
/functions-model-installer/compiled.lock && rm -f /functions-model-packages/.lock

FROM dependencies
COPY --from=packages /functions-model-packages/ /home/site/wwwroot/.python_packages/lib/site-packages/
COPY functions-model/layers/runtime/ /
COPY functions-model/layers/model-1-of-2/ /
ENV FUNCTIONS_MODEL_MODELS="[{{\\"name\\":\\"iris\\"}}]"
ENV PLAIN="a b"
LABEL "org.opencontainers.image.title"="costs \\$5 \\\\ more"
"""


def recipe(**changes: Any) -> Recipe:
    return Recipe(**{"base": BASE, **changes})


class TestText:
    def test_it_has_everything_in_its_order(self) -> None:
        """Debian packages, a stage beside it for what is compiled, the app's files, variables and labels."""
        made = recipe(
            apt_packages=("libzbar0=0.23-1", "libgomp1", "libgomp1"),
            compiled=("answer",),
            env={"PLAIN": "a b", "FUNCTIONS_MODEL_MODELS": '[{"name":"iris"}]'},
            labels={"org.opencontainers.image.title": "costs $5 \\ more"},
        )

        text = dockerfile_text(made, ["functions-model/layers/runtime", "functions-model/layers/model-1-of-2"])

        assert WHOLE == text

    def test_without_extras_two_stages_are_left(self) -> None:
        """Nothing to install and nothing to compile: a base and the files on it."""
        text = dockerfile_text(recipe(), ["functions-model/layers/code"])

        assert f"FROM {BASE} AS dependencies\n\nFROM dependencies\nCOPY functions-model/layers/code/ /\n" == text

    def test_the_account_of_the_base_is_kept(self) -> None:
        """Debian packages are installed as root, and the image runs as who it ran before."""
        lines = dockerfile_text(recipe(apt_packages=("libgomp1",), user="app:app")).splitlines()

        assert ("USER root", "USER app:app") == (lines[1], lines[5])

    def test_a_line_break_is_refused(self) -> None:
        """No Dockerfile can say one; all such values are told at once."""
        with pytest.raises(BundleFailed) as caught:
            dockerfile_text(recipe(env={"A": "1\n2", "B": "\r", "C": "3"}))

        assert ["ENV A", "ENV B"] == [problem.subject for problem in caught.value.problems]


class TestOwnDockerfile:
    def test_it_comes_first_and_ours_begins_where_it_ends(self) -> None:
        """Its last stage gets a name; names that it uses already are left to it."""
        own = parse_dockerfile("FROM a AS dependencies\nFROM dependencies\nUSER me\n")

        text = dockerfile_text(recipe(apt_packages=("libgomp1",)), own=own)

        assert text.startswith(
            "FROM a AS dependencies\nFROM dependencies AS own\nUSER me\n\nFROM own AS app-dependencies\nUSER root\nRUN"
        )
        assert text.endswith("\nUSER me\n\nFROM app-dependencies\n")

    def test_its_escape_character_is_ours_too(self) -> None:
        """A directive in its first line holds for all of the text."""
        own = parse_dockerfile("# escape=`\nFROM a AS last\n")

        text = dockerfile_text(recipe(env={"A": 'x"\\`'}, apt_packages=("b",)), own=own)

        assert 'ENV A="x`"\\``"\n' in text
        assert "RUN apt-get update `\n" in text
        assert "FROM last AS dependencies\n" in text
