"""Values that must never be seen."""

from __future__ import annotations

from typing import NoReturn, final


@final
class Secret:
    """A value whose text is `***` wherever it is printed, formatted or logged.

    `reveal()` is the only way to the value; call it at the last moment, in the request that needs it. Mask the value
    with the CI host (`CiHost.mask`) where the secret is made.

    Args:
        value: The secret text; an empty one is refused with ValueError, as masking it would mask everything.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value:
            raise ValueError("a secret is never empty")
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __str__(self) -> str:
        """Three stars."""
        return "***"

    def __repr__(self) -> str:
        """Three stars, with the type."""
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        """Equal when the values are."""
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        """The hash of the value."""
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a pickle would hold the value.

        Raises:
            TypeError: Always.
        """
        raise TypeError("a secret is never pickled")
