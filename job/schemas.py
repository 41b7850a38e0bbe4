"""What may a record on each topic look like, as JSON Schema?

Made of :mod:`job.contracts`, for teams that write or read the topics in another language;
``docs/schemas/`` is kept equal to it by a test. Write them anew with
``python -m job.schemas docs/schemas``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from job.contracts import RECORDS_BY_TOPIC

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_of(topic: str) -> dict[str, Any]:
    """The schema of one record on a topic (its unprefixed name).

    Raises
    ------
    KeyError
        If there is no such topic.
    """
    records = RECORDS_BY_TOPIC[topic]
    shapes, components = msgspec.json.schema_components(records, ref_template="#/$defs/{name}")
    shape = shapes[0] if len(shapes) == 1 else {"oneOf": list(shapes)}
    return {"$schema": DIALECT, "title": f"A record on {topic}", **shape, "$defs": components}


def render() -> dict[str, str]:
    """The schemas as files: text by file name, one file a topic."""
    return {
        f"{topic}.json": json.dumps(schema_of(topic), indent=2, ensure_ascii=False) + "\n"
        for topic in RECORDS_BY_TOPIC
    }


def main(arguments: list[str]) -> None:
    """Write the schemas into the folder named by the only argument."""
    if len(arguments) != 1:
        raise SystemExit("usage: python -m job.schemas FOLDER")
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in render().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
