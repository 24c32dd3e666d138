"""The action's image: how fast it starts, and how large it is."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import docker
import pytest

from benchmarks.commands import action_help, action_nothing
from benchmarks.results import alone
from benchmarks.timing import RUNS, alternate, seconds
from support.engine import ACTION_IMAGE, ensure_images

if TYPE_CHECKING:
    from benchmarks.results import Results

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.timeout(600)]


def test_action(results: Results) -> None:
    """From `docker run` to the end of `--help`; beside it, a container that does nothing."""
    ensure_images()
    seconds(action_help(ACTION_IMAGE))

    ours, nothing = alternate(
        lambda: seconds(action_help(ACTION_IMAGE)), lambda: seconds(action_nothing(ACTION_IMAGE)), runs=2 * RUNS
    )
    with closing(docker.from_env()) as client:
        size = client.images.get(ACTION_IMAGE).attrs["Size"] / 1_000_000

    results.add("action_start_s", alone(ours, aim=0.5, unit="s", theirs=nothing))
    results.add("action_image_mb", alone([size], aim=150, unit="MB"))
