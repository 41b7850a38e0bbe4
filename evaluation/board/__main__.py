"""Write the board of an exam: ``python -m evaluation.board --shards … --scores-hash … --out …``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from evaluation.board.board import make_board, write_board


def main(arguments: list[str]) -> int:
    """Judge shards and write the board."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.board", description=__doc__)
    parser.add_argument("--shards", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument("--scores-hash", required=True, help="of the engine, 16 digits")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    given = parser.parse_args(arguments)
    try:
        board, tables = make_board(given.shards, given.scores_hash)
    except (FileNotFoundError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    write_board(board, tables, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
