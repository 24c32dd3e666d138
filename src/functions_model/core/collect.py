"""What an app collects of its requests, and where that goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ROOT = "modelDataCollector"
"""The folder that Azure ML collects below: azure-ai-ml, constants/_common.py, DEFAULT_MDC_PATH."""
CONTAINER = "modeldatacollector"
"""The container, where none is given."""
INPUTS, OUTPUTS = "request", "response"
"""The collections of what comes in and goes out, as Azure ML calls them."""
OTHERS = "*"
"""Every collection that has no rate of its own: any that a script names."""
DEPLOYMENT = "default"
"""The folder of an app that no deployment file names."""
HOUR = "hour"
ROLLING = ("minute", HOUR, "day")


@dataclass(frozen=True, slots=True)
class Collect:
    """What is collected into blobs.

    Attributes:
        rates: The part of the requests that is kept, above 0 and up to 1, by collection.
        container: In the storage account `Resources.collect_storage_account`.
        endpoint: The first folder below `ROOT`: the online endpoint's name, or the app's.
        deployment: The second.
        rolling: How often a new folder begins, one of `ROLLING`.
    """

    rates: Mapping[str, float]
    container: str
    endpoint: str
    deployment: str = DEPLOYMENT
    rolling: str = HOUR

    @property
    def folder(self) -> str:
        """What all blobs lie below; Azure ML's monitors read the folder of one collection in it."""
        return f"{ROOT}/{self.endpoint}/{self.deployment}"

    @property
    def of_script(self) -> bool:
        """Whether anything of what a script collects is kept."""
        return any(name not in {INPUTS, OUTPUTS} for name in self.rates)
