"""Which images are the project's own?"""

from __future__ import annotations

from typing import Final

#: By the end of their names. The workflow `image` builds all of them, and hands all of them to each
#: environment; which of them an environment runs is its overlay's choice.
IMAGES: Final = ("paystream/flink-job", "paystream/workbench")


def stands_for(ending: str, name: str) -> bool:
    """Whether an image's name is, or ends with, what somebody calls it.

    Parameters
    ----------
    ending
        What it is called.
    name
        Without tag and digest.

    Examples
    --------
    >>> stands_for("paystream/flink-job", "registry.example.com/paystream/flink-job")
    True
    >>> stands_for("paystream/flink-job", "registry.example.com/my-paystream/flink-job")
    False
    """
    return name == ending or name.endswith(f"/{ending}")
