"""Waits for messages that never come: its namespace is not there."""

import azure.functions as func


def main(message: func.ServiceBusMessage) -> None:
    """Called for each message."""
