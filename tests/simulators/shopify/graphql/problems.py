"""Errors as the API shapes them: ``message``, ``locations``, ``path`` and ``extensions.code``."""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

_DOCUMENTATION = "https://shopify.dev/api/usage/access-scopes"
#: How graphql-core words what Shopify's server has a code for.
_CODES = (
    (re.compile(r"^Cannot query field '(?P<fieldName>\w+)' on type '(?P<typeName>\w+)'"), "undefinedField"),
    (re.compile(r"^Unknown argument '(?P<argumentName>\w+)'"), "argumentNotAccepted"),
    (re.compile(r"^(?:Field|Argument) .* (?:argument|is required)"), "missingRequiredArguments"),
    (re.compile(r"^Unknown type '(?P<typeName>\w+)'"), "undefinedType"),
    (re.compile(r"^Unknown directive"), "undefinedDirective"),
    (re.compile(r"^Variable '\$(?P<variableName>\w+)' is not defined"), "variableNotDefined"),
    (re.compile(r"^Variable '\$(?P<variableName>\w+)' is never used"), "variableNotUsed"),
    (re.compile(r"^Variable '\$(?P<variableName>\w+)' of type .* used in position"), "variableMismatch"),
    (
        re.compile(r"must (?:not )?have a (?:selection|sub selection)|must have a selection of subfields"),
        "selectionMismatch",
    ),
)


class NotModelled(GraphQLError):
    """The schema has this, the simulator does not: it says so instead of inventing an answer."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The simulator does not model {what}", extensions={"code": "NOT_MODELLED"})


class AccessDenied(GraphQLError):
    """The token lacks the scope."""

    def __init__(self, field: str, required: str) -> None:
        super().__init__(
            f"Access denied for {field} field. Required access: {required}",
            extensions={"code": "ACCESS_DENIED", "documentation": _DOCUMENTATION, "requiredAccess": required},
        )


class BadInput(GraphQLError):
    """An argument that the schema accepts and the server does not."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, extensions={"code": code})


def formatted(error: GraphQLError) -> dict[str, Any]:
    """An error of the answer. What is the simulator's own failure is also written to its log."""
    cause = error.original_error
    if cause is not None and not isinstance(cause, GraphQLError):
        traceback.print_exception(cause)
        return {
            "message": f"Internal error in the simulator: {cause!r}",
            "path": list(error.path or ()),
            "extensions": {"code": "INTERNAL_SERVER_ERROR"},
        }
    shaped: dict[str, Any] = {"message": error.message}
    if error.locations:
        shaped["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shaped["path"] = list(error.path)
    if error.extensions:
        shaped["extensions"] = dict(error.extensions)
    return shaped


def refused_document(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """Why a document does not fit the schema."""
    return [_with_code(error) for error in errors]


def _with_code(error: GraphQLError) -> dict[str, Any]:
    shaped = formatted(error)
    for pattern, code in _CODES:
        found = pattern.search(error.message)
        if found:
            details = found.groupdict()
            shaped["extensions"] = {"code": code, **details}
            if code == "undefinedField":
                shaped["message"] = f"Field '{details['fieldName']}' doesn't exist on type '{details['typeName']}'"
            return shaped
    shaped["extensions"] = {"code": "argumentLiteralsIncompatible"}
    return shaped


def bare(code: str, message: str) -> dict[str, Any]:
    """An error about the request as a whole."""
    return {"message": message, "extensions": {"code": code}}
