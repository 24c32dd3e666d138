"""Triggers beside HTTP: blobs and Service Bus messages that call functions."""

from azure_sandbox.apps.listeners.listening import Listeners

__all__ = ["Listeners"]
