"""What requests and answers of all calls share.

Bodies refuse what they do not know; numbers are numbers, not texts.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.inventory.rules import LARGEST_QUANTITY
from app.kit.money import Money as MoneyValue
from app.kit.money import is_currency


def no_nul(text: str) -> str:
    """The text. Raises ``ValueError`` where it holds what the database can't."""
    if "\x00" in text:
        raise ValueError("text can't hold NUL characters")
    return text


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError("this is no ISO 4217 currency code")
    return code


Text = Annotated[str, Field(max_length=255), AfterValidator(no_nul)]
LongText = Annotated[str, Field(max_length=5000), AfterValidator(no_nul)]
Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(no_nul)]
Units = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
StockUnits = Annotated[int, Field(strict=True, ge=0, le=LARGEST_QUANTITY)]
DecimalText = Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,4})?$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_currency)]


#: The answer to one who has it already and says so by ``If-None-Match``.
UNCHANGED = {"description": "What the ETag names is still the answer"}


class _Described(BaseModel):
    """Its JSON schema is worked out once."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """flask-openapi3 asks for this of each query at each request, and of each answer at each call that can give it
        when a process starts, and only reads it."""
        return _schema(cls, args, tuple(kwargs.items()))


@cache
def _schema(model: type[_Described], args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return super(_Described, model).model_json_schema(*args, **dict(kwargs))


class Input(_Described):
    """A body or a part of one."""

    model_config = ConfigDict(extra="forbid")


class Output(_Described):
    """An answer or a part of one; more fields may be added."""

    model_config = ConfigDict(from_attributes=True)


class FieldProblem(Output):
    field: str
    code: str
    message: str


class Problem(Output):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem]


class Money(Input):
    """An amount such as 12.50 and its ISO 4217 currency."""

    amount: DecimalText
    currency: Currency

    def value(self) -> MoneyValue:
        """Raises ``ValueError`` for an unknown currency or too many digits."""
        return MoneyValue.parse(self.amount, self.currency)


class MoneyOut(Output):
    amount: str
    currency: str


class Query(_Described):
    """What stands behind the question mark of an address."""


class PageQuery(Query):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=500)] | None = None


class SupplierPath(BaseModel):
    supplier_id: UUID


class IdPath(BaseModel):
    id: UUID
