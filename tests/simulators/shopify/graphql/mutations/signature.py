"""What a mutation looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.simulators.shopify.graphql.call import Call

#: (call, arguments) → payload. Raises Refused, RefusedAll; GraphQLError for what is no user error.
Mutate = Callable[[Call, Mapping[str, Any]], Mapping[str, Any]]
