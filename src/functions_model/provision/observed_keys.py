"""Keys that were read, with `access: keys`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.core.secrets import Secret


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens an account, a namespace or a registry.

    Attributes:
        name: The account's, the access rule's or the user's.
        values: Keys or passwords, of which any one counts. The first is the one to use.
    """

    name: str
    values: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class ObservedKeys:
    """The keys that had to be read, by what they open: `storage account/x`, `Service Bus namespace/x`, `registry`."""

    by_owner: Mapping[str, Keys]

    def over(self, earlier: ObservedKeys) -> ObservedKeys:
        """These and those that were known before."""
        return ObservedKeys({**earlier.by_owner, **self.by_owner})


NO_KEYS = ObservedKeys({})
