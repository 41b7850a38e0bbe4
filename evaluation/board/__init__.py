"""How well does a job detect, over months of labelled traffic?"""

from evaluation.board.board import Board, make_board, read_board, write_board
from evaluation.board.report import print_board

__all__ = ["Board", "make_board", "print_board", "read_board", "write_board"]
