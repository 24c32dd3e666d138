"""Hosts of function apps, one package each: what only that host knows."""
