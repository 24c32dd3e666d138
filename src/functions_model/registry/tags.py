"""Tags in Azure Container Registry, as the registry's own interface knows them: what each means, whether it is locked.

Through Azure's SDK: few and small requests, for which its habits cost nothing. What else it might do here, and why it
does not, is docs/decisions/0043-azure-containerregistry.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.containerregistry import ContainerRegistryClient
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import Digest

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


@dataclass(frozen=True, slots=True)
class TagAttributes:
    """What the registry knows of a tag.

    Attributes:
        digest: Of the manifest that it means.
        locked: Whether it cannot be written to.
    """

    digest: Digest
    locked: bool


def find_tag(
    endpoint: str, repository: str, tag: str, credential: TokenCredential, *, audience: str, **options: Any
) -> TagAttributes | None:
    """What a tag means, and whether it is locked; None when the repository or the tag is not there.

    Args:
        endpoint: `https://contoso.azurecr.io`.
        repository: Its name.
        tag: Its name.
        credential: Of Microsoft Entra ID.
        audience: The cloud's registry audience, without `/.default`: `https://containerregistry.azure.net`.
        options: For the SDK's client, such as a `transport`.

    Raises:
        RegistryFailed: The registry refused.
    """
    with ContainerRegistryClient(endpoint, credential, audience=audience, **options) as client:
        try:
            found = client.get_tag_properties(repository, tag)
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise _failure(f"{endpoint.removeprefix('https://').rstrip('/')}/{repository}", tag, error) from error
    return TagAttributes(Digest(found.digest), found.can_write is False)


def _failure(place: str, tag: str, error: AzureError) -> RegistryFailed:
    status = error.status_code if isinstance(error, HttpResponseError) else None
    what = f"the registry answered {status}" if status else "the registry could not be reached, or gave no token"
    remedy = (
        "Check the registry's name, and that the login may read there: with AcrPull, or, in a registry with rights "
        "by repository (ABAC), with Container Registry Repository Reader."
    )
    return RegistryFailed(f"read the tag `{tag}` of `{place}`", what, remedy)
