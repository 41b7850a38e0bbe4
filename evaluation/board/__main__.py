"""Make the board of shards that an engine has judged.

python -m evaluation.board --shards DIR... --scores-hash HASH16 --out DIR
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from evaluation.board.board import make_board, write_board
from evaluation.board.daily import CALLS_PER_10000_CARDS
from evaluation.board.report import print_board
from evaluation.board.sample import SampleError, read_sample

_PLAIN_WIDTH = 100


def main(arguments: list[str]) -> int:
    """Write the board; with ``--print``, show it and end with its exit code.

    Without, 0 says that a board was written, whatever stands on it.
    """
    parser = argparse.ArgumentParser(prog="python -m evaluation.board", description=__doc__)
    parser.add_argument("--shards", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument("--scores-hash", required=True, help="whose answers: scores-HASH.parquet")
    parser.add_argument("--out", type=Path, required=True, help="folder of the board")
    parser.add_argument(
        "--calls-per-10000-cards",
        type=float,
        default=CALLS_PER_10000_CARDS,
        help="cards that the staff calls a day, for precision@k",
    )
    parser.add_argument("--print", action="store_true", help="show the board, too")
    given = parser.parse_args(arguments)
    try:
        sample = read_sample(given.shards, given.scores_hash)
    except SampleError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    board, tables = make_board(sample, given.calls_per_10000_cards)
    write_board(board, tables, given.out)
    if not given.print:
        return 0
    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    print_board(board, Console(highlight=False, width=width))
    return board.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
