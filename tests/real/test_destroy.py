"""The end: what the product has made, it removes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployments import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from deployments import App
    from session import Azure

REGISTRY = ["Microsoft.ContainerRegistry/registries"]


class TestDestroy:
    """`mode: destroy` with `destroy-data: true`, for every app of this run."""

    def test_leaves_nothing(  # noqa: PLR0917 - every app of the run
        self,
        azure: Azure,
        iris: App,
        told: App,
        keyed: App,
        blobs: App,
        queue: App,
        observe: Callable[..., None],
    ) -> None:
        """Only the registry is left, which was there before; the shared plan went with its last app."""
        codes = {app.name.rpartition("-")[2]: app.destroy().code for app in (iris, told, keyed, blobs, queue)}

        # Azure's lists show for some minutes what is gone.
        eventually(lambda: kinds_in(azure) == REGISTRY)
        observe("exit codes", believed=dict.fromkeys(codes, 0), seen=codes)
        observe("kinds left", believed=REGISTRY, seen=kinds_in(azure))


def kinds_in(azure: Azure) -> list[str]:
    """What `az resource list` shows of the group."""
    return [one["type"] for one in azure.az.json("resource", "list", "--resource-group", azure.group.name)]
