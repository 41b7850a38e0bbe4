"""Is a document of the schema that its reader publishes?

The schemas are those that `check-jsonschema` ships, asked in this process: its command takes
seconds to start, each time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for


@cache
def _validator(name: str) -> Validator:
    schema = get_builtin_schema(name)
    return validator_for(schema)(schema)


def problems(document: dict[Any, Any], schema: str) -> list[str]:
    """What is wrong with it, empty for nothing.

    Parameters
    ----------
    document
        As Python's YAML reads it: `on` is a truth value there, and stands under True.
    schema
        Such as ``vendor.compose-spec``.
    """
    named = {"on" if key is True else key: value for key, value in document.items()}
    return [error.message for error in _validator(schema).iter_errors(named)]
