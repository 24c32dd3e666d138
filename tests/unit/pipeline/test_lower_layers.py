"""What lies below the app, found again with what is known of it."""

from __future__ import annotations

from functions_model.pipeline.parts import Part
from functions_model.preflight.inventory import INVENTORY_TYPE, Inventory

INVENTORY = Inventory(files=("six.py",))


class TestPart:
    def test_dependencies_have_their_inventory(self) -> None:
        """In the record that keeps them, so that they are not installed in order to be looked at."""
        part = Part("k", (), INVENTORY.as_bytes(), INVENTORY_TYPE)
        record = part.record("cache", {}).record

        assert INVENTORY == part.inventory
        assert (INVENTORY_TYPE, INVENTORY.as_bytes()) == (record.config_type, record.config)

    def test_what_an_earlier_version_kept_has_none(self) -> None:
        """Nor has what an engine made: its record has the configuration of an image."""
        assert [None, None, None] == [
            Part("k", ()).inventory,
            Part("k", (), b'{"os":"linux"}').inventory,
            Part("k", (), b"damaged", INVENTORY_TYPE).inventory,
        ]
