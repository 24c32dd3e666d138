"""Pieces that several tests use."""
