"""The names and error codes of the API are a contract: ``api_contract.txt`` holds every one of them.

Whoever changes the API sees in the difference what programs out there would see. After looking:
``WRITE_API_CONTRACT=1 pytest tests/test_api_contract.py`` writes it anew. A line may be added; one that goes, or a
field that changes its type, breaks somebody's program and needs ``/api/v2``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import the_app

CONTRACT = Path(__file__).with_name("api_contract.txt")
WRITE = "WRITE_API_CONTRACT"
METHODS = ("get", "post", "put", "patch", "delete")


def type_of(schema: dict[str, Any]) -> str:
    """A type in a few characters: a name, ``[of these]``, ``one | another``, or what JSON calls it."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " | ".join(sorted({type_of(one) for one in schema[several]}))
    if "enum" in schema:
        return " | ".join(repr(value) for value in schema["enum"])
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " | ".join(sorted(kind))
    if kind == "array":
        return f"[{type_of(schema.get('items', {}))}]"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"{{{type_of(schema['additionalProperties'])}}}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def body_of(content: dict[str, Any]) -> str:
    """What a body holds, by media type."""
    return ", ".join(f"{media} {type_of(one.get('schema', {}))}" for media, one in sorted(content.items()))


def fields_of(schema: dict[str, Any]) -> Iterator[str]:
    """The fields of an object, a line each; one that may be left out has a question mark."""
    required = set(schema.get("required", ()))
    for name, field in sorted(schema.get("properties", {}).items()):
        yield f"  {name}{'' if name in required else '?'}: {type_of(field)}"


def lines_of(described: dict[str, Any]) -> Iterator[str]:
    """The contract that an OpenAPI description says, a line for each thing that a program may lean on."""
    for path, item in sorted(described["paths"].items()):
        for method in METHODS:
            if (operation := item.get(method)) is None or not path.startswith("/api/v1/"):
                continue
            yield f"{method.upper()} {path}"
            for one in sorted(operation.get("parameters", ()), key=lambda one: (one["in"], one["name"])):
                yield f"  {one['in']} {one['name']}{'' if one.get('required') else '?'}: {type_of(one['schema'])}"
            if "requestBody" in operation:
                yield f"  takes {body_of(operation['requestBody']['content'])}"
            for status, answer in sorted(operation["responses"].items()):
                said = answer["description"] if int(status) >= 400 else body_of(answer.get("content", {})) or "nothing"
                yield f"  {status} {said}"
    for name, schema in sorted(described["components"]["schemas"].items()):
        if "properties" in schema:
            yield name
            yield from fields_of(schema)
        else:
            yield f"{name} = {type_of(schema)}"


def test_names_and_error_codes_stay() -> None:
    described = the_app().openapi_schema.to_schema()
    found = "\n".join(lines_of(described)) + "\n"
    if os.environ.get(WRITE):
        CONTRACT.write_text(found, encoding="utf-8")
    assert CONTRACT.read_text(encoding="utf-8").splitlines() == found.splitlines()


RENAMED = ("gate_not_found", '"client_id"', "/api/v1/gate/redeem", '"already_admitted"', '"date-time"')


@pytest.mark.parametrize("name", RENAMED)
def test_another_name_is_seen(name: str) -> None:
    described = json.dumps(the_app().openapi_schema.to_schema())
    renamed = json.loads(described.replace(name, name[:-2] + name[-1:]))
    assert list(lines_of(renamed)) != CONTRACT.read_text(encoding="utf-8").splitlines()
