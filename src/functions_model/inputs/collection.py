"""The inputs that say what the app collects: their entries in the catalogue."""

from __future__ import annotations

from functions_model.core.collect import CONTAINER
from functions_model.inputs.specs import CREATED, NAMING, WITH_AZURE, InputSpec, a_name, a_text

ENTRIES: tuple[InputSpec, ...] = (
    a_text(
        "collect",
        "What the app collects into blobs, separated by commas: `inputs` and `outputs` of `run()`, and `script`, what"
        " its `Collector` (`azureml.ai.monitoring`) gets.",
        derived="`data_collector` of `deployment-file`, else nothing",
        modes=WITH_AZURE,
        metavar="WHAT",
    ),
    a_text(
        "collect-sample-rate",
        "The part of the requests to collect, above 0 and up to 1.",
        derived="the deployment file's `sampling_rate`, else 1",
        modes=WITH_AZURE,
        metavar="RATE",
    ),
    a_name(
        "collect-storage-account",
        "The storage account for what is collected." + CREATED,
        derived="`data-storage-account` with `trigger: blob`, else `storage-account`",
        modes=NAMING,
    ),
    a_name(
        "collect-container",
        "The blob container for what is collected. Created if it does not exist.",
        derived=f"`{CONTAINER}`",
        modes=WITH_AZURE,
    ),
)
