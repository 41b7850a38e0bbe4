"""Which error ends a delivery?"""

from __future__ import annotations


class DeliveryError(Exception):
    """Something that waiting does not mend; one line: what is wrong and what to do."""
