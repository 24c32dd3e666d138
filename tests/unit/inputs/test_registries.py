"""`registry`: a host, a name, or a resource of Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, GUID, PACKAGE, problems

if TYPE_CHECKING:
    from pathlib import Path

ID = f"/subscriptions/{GUID}/resourceGroups/shared.rg/providers/Microsoft.ContainerRegistry/registries/contoso"
THEIRS = "11111111-0000-4000-8000-00000000000a"
OTHER = ID.replace(GUID, THEIRS)
CUSTOM = "https://localhost:8443"


class TestARegistry:
    @pytest.mark.parametrize(
        ("registry", "cloud", "expected"),
        [
            ("Contoso", "AzureCloud", ("contoso.azurecr.io", "contoso", "")),
            ("contoso.azurecr.io", "AzureCloud", ("contoso.azurecr.io", "contoso", "")),
            ("contosoml-a1b2", "AzureCloud", ("contosoml-a1b2.azurecr.io", "contosoml", "")),
            ("contosoml-a1b2.azurecr.io", "AzureCloud", ("contosoml-a1b2.azurecr.io", "contosoml", "")),
            ("contoso", "azurechinacloud", ("contoso.azurecr.cn", "contoso", "")),
            ("shared.rg/Contoso", "AzureCloud", ("contoso.azurecr.io", "contoso", "shared.rg")),
            (ID, "AzureUSGovernment", ("contoso.azurecr.us", "contoso", "shared.rg")),
            ("localhost:5000", f"{CUSTOM}/", ("localhost:5000", "", "")),
            ("contoso", CUSTOM, ("", "contoso", "")),
            ("shared/contoso", CUSTOM, ("", "contoso", "shared")),
        ],
    )
    def test_is_known_by_host_name_and_group(
        self, registry: str, cloud: str, expected: tuple[str, str, str], workspace: Path
    ) -> None:
        """What the text does not say is asked of Azure: the host of a name in a cloud of one's own, the group."""
        image = read_inputs({**DEPLOY, "registry": registry, "cloud": cloud}, workspace=workspace).image

        assert expected == (image.registry, image.registry_name, image.registry_group)

    @pytest.mark.parametrize(
        ("registry", "subscription"), [(ID, ""), (ID.replace(GUID, GUID.upper()), ""), (OTHER, THEIRS)]
    )
    def test_may_be_in_another_subscription(self, registry: str, subscription: str, workspace: Path) -> None:
        """The app's own is none, in whatever case it is written."""
        image = read_inputs({**DEPLOY, "registry": registry}, workspace=workspace).image

        assert ("contoso", "shared.rg", subscription) == (
            image.registry_name,
            image.registry_group,
            image.registry_subscription,
        )

    @pytest.mark.parametrize(
        ("registry", "words"),
        [
            ("shared/my-registry", "is not an Azure Container Registry's name"),
            (ID.replace("ContainerRegistry/registries", "Web/sites"), "is the id of a `Microsoft.Web/sites`"),
            ("/contoso", "is not an ARM id of one resource"),
            ("localhost:5000/package", "Use `localhost:5000`; the image's name has its own input"),
        ],
    )
    def test_is_refused_where_it_cannot_be_one(self, registry: str, words: str, workspace: Path) -> None:
        """With what to write instead."""
        assert words in problems({**DEPLOY, "registry": registry}, workspace)["registry"]

    def test_needs_its_host_where_nobody_is_asked_for_it(self, workspace: Path) -> None:
        """Mode `package` speaks to the registry alone; only that cloud can say how its registries' hosts end."""
        values = {**PACKAGE, "registry": "contoso", "cloud": CUSTOM, "tenant-id": GUID, "client-id": GUID}

        assert "Use the whole host" in problems(values, workspace)["registry"]


class TestImagesToKeep:
    @pytest.mark.parametrize(("text", "keep"), [("1", 1), ("25", 25), ("", None)])
    def test_are_counted_from_one(self, text: str, keep: int | None, workspace: Path) -> None:
        """None are removed where no number is given."""
        assert keep == read_inputs({**DEPLOY, "keep-images": text}, workspace=workspace).image.keep

    @pytest.mark.parametrize("text", ["0", "-1", "1.5", "all", "10000"])
    def test_are_a_whole_number(self, text: str, workspace: Path) -> None:
        """With 0 there would be nothing to go back to."""
        found = problems({**DEPLOY, "keep-images": text}, workspace=workspace)

        assert {"keep-images": f"`{text}` is not a number of images. Use a whole number, 1 to 9999."} == found

    def test_mean_nothing_where_nothing_is_deployed(self, workspace: Path) -> None:
        """No app is live after it, so nothing says what is old."""
        assert None is read_inputs({**PACKAGE, "keep-images": "2"}, workspace=workspace).image.keep
