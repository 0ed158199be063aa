"""The document that describes the API, OpenAPI 3.1: made of its operations, so that none is left out."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import trackboard
from trackboard.server.api.operation import Operation, Parameter
from trackboard.server.api.shapes import SHAPES

PREFIX = "/api/v1"
_TYPES = {str: "string", int: "integer", bool: "boolean", float: "number"}
_REFUSALS = {
    "400": "Something that was given is not possible; the message says what would be.",
    "403": "Whoever asks may not.",
    "404": "There is no such thing.",
    "503": "The workspace does not answer in time; ask again.",
}


def describe(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document of some operations."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "trackboard",
            "version": trackboard.__version__,
            "description": "What a history of runs holds. Reading; all answers are of the moment.",
        },
        "paths": {f"{PREFIX}{each.path}": {"get": _operation(each)} for each in operations},
        "components": {"schemas": dict(SHAPES)},
    }


def _operation(operation: Operation) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "string"}
    if operation.answer:
        shape = {"$ref": f"#/components/schemas/{operation.answer}"}
    content = {operation.kind: {"schema": shape}}
    answers: dict[str, Any] = {"200": {"description": operation.summary, "content": content}}
    for number, text in operation.others.items():
        answers[str(number)] = {"description": text}
        if number < HTTPStatus.MULTIPLE_CHOICES:
            answers[str(number)]["content"] = content
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for status, text in _REFUSALS.items():
        answers[status] = {"description": text, "content": error}
    return {
        "operationId": operation.path.strip("/")
        .replace("/", "_")
        .translate({123: None, 125: None}),
        "summary": operation.summary,
        "parameters": [_parameter(each) for each in operation.parameters],
        "responses": answers,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    one: dict[str, Any] = {"type": _TYPES[parameter.kind]}
    facts = {
        "default": parameter.default,
        "minimum": parameter.least,
        "maximum": parameter.most,
        "pattern": parameter.pattern or None,
        "minLength": 1 if parameter.is_required and parameter.kind is str else None,
    }
    one |= {key: value for key, value in facts.items() if value is not None}
    several = {"type": "array", "items": one} | ({"minItems": 1} if parameter.is_required else {})
    return {
        "name": parameter.name,
        "in": parameter.source,
        "required": parameter.source == "path" or parameter.is_required,
        **({"allowEmptyValue": True} if parameter.kind is bool else {}),
        "description": parameter.text,
        "schema": several if parameter.is_repeatable else one,
    }
