"""Answers with what the function sees: the request's body, and where it runs."""

import json
import os
import sys

import azure.functions as func


def main(req: func.HttpRequest) -> func.HttpResponse:
    """Called for each request."""
    print("the script has printed this")
    seen = {
        "body": len(req.get_body()),
        "headers": {name.lower(): value for name, value in req.headers.items()},
        "python": ".".join(map(str, sys.version_info[:2])),
        "settings": sorted(name for name in os.environ if name.upper().startswith("REAL")),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")
