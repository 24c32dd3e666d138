"""The network as a run has it: described at its start, before anything is asked of anybody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from functions_model.ci.host import CiHost
from functions_model.ci.network import read_network
from functions_model.cli.work_folder import work_folder
from functions_model.core.masking import SHORTEST


@contextmanager
def reaching(ci: CiHost) -> Iterator[None]:
    """Let every client, and every process that is started, use the same certificates and proxies for the block.

    Args:
        ci: Masks the passwords of proxies.

    Raises:
        InputsInvalid: A variable names what is not there, or cannot be used.
    """
    network = read_network(os.environ, ci.facts)
    for secret in network.proxies.secrets:
        if len(secret) >= SHORTEST:
            ci.mask(secret)
    with work_folder("network-") as folder, network.for_all(os.environ, Path(folder)):
        yield
