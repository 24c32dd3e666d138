"""A request that the caller has to correct."""

from __future__ import annotations

BAD_REQUEST = "BAD_REQUEST"


class Refused(Exception):
    """The request cannot be scored, and the caller is told why.

    Args:
        message: What is wrong, for the caller.
        status: An HTTP status from 400 to 499.
        error_code: MLflow's own name of the fault.
    """

    def __init__(self, message: str, *, status: int = 400, error_code: str = BAD_REQUEST) -> None:
        self.status = status
        self.body = {"error_code": error_code, "message": message}
        super().__init__(message)
