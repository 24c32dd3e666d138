"""What a run lends to whoever writes resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.pipeline.events import ResourceWritten
from functions_model.provision import RunContext

if TYPE_CHECKING:
    from functions_model.pipeline.parts import Parts


def run_context(parts: Parts) -> RunContext:
    """The log, the events and the masks of the run."""
    return RunContext(parts.ci.info, lambda one: parts.tell(ResourceWritten(one)), parts.ci.mask)
