"""Answers whoever has a key."""

import azure.functions as func


def main(req: func.HttpRequest) -> func.HttpResponse:
    """Called for each request that the host let in."""
    return func.HttpResponse("open")
