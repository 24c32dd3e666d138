"""Tags in Azure Container Registry, as the registry's own interface knows them: what each means, whether it is locked.

Through Azure's SDK: few and small requests, for which its habits cost nothing. What else it might do here, and why it
does not, is docs/decisions/0043-azure-containerregistry.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.containerregistry import ContainerRegistryClient
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import Digest, parse_digest
from functions_model.registry.errors import NO_REGISTRY, az_acr

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_STRANGE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What the SDK raises, and what its nouns lead to, where an answer has other types than it must have."""
_LOCKED = 405
"""Azure/acr-cli, internal/worker/purger.go."""
READERS = (
    "Check the registry's name, and that the login may read there: with AcrPull, or, in a registry with rights "
    "by repository (ABAC), with Container Registry Repository Reader."
)
DELETERS = (
    "A login that is to do it needs AcrDelete on the registry, or, in a registry with rights by repository (ABAC), "
    "Container Registry Repository Contributor."
)


@dataclass(frozen=True, slots=True)
class Acr:
    """An Azure Container Registry, and how its own interface is asked.

    Attributes:
        host: `contoso.azurecr.io`.
        credential: Of Microsoft Entra ID.
        audience: The cloud's registry audience, without `/.default`: `https://containerregistry.azure.net`.
        options: Gives what else the SDK's client takes, such as a `transport`, which is closed with it.
    """

    host: str
    credential: TokenCredential
    audience: str
    options: Callable[[], Mapping[str, Any]] = dict

    @contextmanager
    def asking(self, action: str, image: str, remedy: str) -> Iterator[ContainerRegistryClient]:
        """The SDK's client, for one thing.

        Args:
            action: What is done, as it follows "Could not".
            image: What it is done to, `repository:tag` or `repository@digest`.
            remedy: Where the login may not do it.

        Raises:
            RegistryFailed: The registry refused, or could not be reached.
        """
        url = f"https://{self.host}"
        with ContainerRegistryClient(url, self.credential, audience=self.audience, **self.options()) as client:
            try:
                yield client
            except AzureError as error:
                status = error.status_code if isinstance(error, HttpResponseError) else None
                if status == _LOCKED:
                    raise RegistryFailed(
                        action, "it is locked", f"Unlock it: `{unlocks(self.host, image)}`."
                    ) from error
                what = f"the registry answered {status}" if status else "it could not be reached, or gave no token"
                raise RegistryFailed(action, what, remedy) from error
            except _STRANGE as error:
                what = f"`{self.host}` answered with something that no Azure registry answers"
                raise RegistryFailed(action, what, NO_REGISTRY) from error


@dataclass(frozen=True, slots=True)
class TagAttributes:
    """What the registry knows of a tag.

    Attributes:
        digest: Of the manifest that it means.
        locked: Whether it cannot be written to.
    """

    digest: Digest
    locked: bool


def unlocks(host: str, image: str) -> str:
    """The command that lets an image, by tag or digest, be written and deleted again."""
    return az_acr(host, f"repository update --image {image} --write-enabled true --delete-enabled true")


def find_tag(acr: Acr, repository: str, tag: str) -> TagAttributes | None:
    """What a tag means, and whether it is locked; None when the repository or the tag is not there.

    Raises:
        RegistryFailed: The registry refused.
    """
    action = f"read the tag `{tag}` of `{acr.host}/{repository}`"
    with acr.asking(action, f"{repository}:{tag}", READERS) as client:
        try:
            found = client.get_tag_properties(repository, tag)
        except ResourceNotFoundError:
            return None
        return TagAttributes(parse_digest(found.digest), found.can_write is False)


def remove_tag(acr: Acr, repository: str, tag: str) -> None:
    """Take a tag away, and leave the manifest that it means. One that is not there is no failure.

    Raises:
        RegistryFailed: The registry refused.
    """
    image = f"{repository}:{tag}"
    remedy = f"Remove it: `{az_acr(acr.host, f'repository untag --image {image}')}`. {DELETERS}"
    with acr.asking(f"remove the tag `{acr.host}/{image}`", image, remedy) as client:
        client.delete_tag(repository, tag)
