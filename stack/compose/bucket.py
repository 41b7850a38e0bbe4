"""Does the object store serve, and does it have its bucket? The probe of its container.

Asked as `python -m stack.compose.bucket`: 0 if so, 1 if not. The bucket is made where it is
missing, as the local stack does it.
"""

from __future__ import annotations

import sys

from stack import object_store
from stack.compose.shipped import shipped_settings


def main() -> int:
    """Ask once."""
    return 0 if object_store.probe(shipped_settings())() else 1


if __name__ == "__main__":
    sys.exit(main())
