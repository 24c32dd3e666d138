"""The page of a `try` in a browser of this machine: the sample filled in, the answer, its time, the log beside it."""

from functions_model.cli.try_page.board import Board, State
from functions_model.cli.try_page.opening import open_page
from functions_model.cli.try_page.sending import Sender
from functions_model.cli.try_page.server import TryPage, serving_page
from functions_model.cli.try_page.showing import Showing

__all__ = ["Board", "Sender", "Showing", "State", "TryPage", "open_page", "serving_page"]
