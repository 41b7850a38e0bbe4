"""How well do the rules detect over months of traffic: the board of an exam."""

from evaluation.board.board import Board, read_board
from evaluation.board.report import print_board

__all__ = ["Board", "print_board", "read_board"]
