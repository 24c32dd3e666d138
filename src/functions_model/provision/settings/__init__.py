"""App settings that a host of any kind needs: its storage, its trigger, telemetry, and the keys that they hold."""
