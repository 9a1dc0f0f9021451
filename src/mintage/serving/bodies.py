"""JSON bodies read straight into what is asked for, and how the document describes them: the shortest way there is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

__all__ = ["Direct", "body_of", "body_schema"]

M = TypeVar("M", bound=BaseModel)


class Direct(APIRoute):
    """A route whose endpoint is given the request and nothing else: described as others are, but nothing is solved."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint itself."""
        return self.endpoint


async def body_of(request: Request, model: type[M]) -> M:
    """What the body asks for.

    Raises:
        RequestValidationError: it is no JSON, or does not fit; answered by 422.
    """
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        raise RequestValidationError(
            error.errors(include_url=False, include_context=False, include_input=False)
        ) from None


def body_schema(model: type[BaseModel], *headers: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an OpenAPI operation that describes such a body, and headers that are read."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    parameters = [{"in": "header", "required": False, **header} for header in headers]
    return {
        "parameters": parameters,
        "requestBody": {"required": False, "content": {"application/json": {"schema": schema}}},
    }
