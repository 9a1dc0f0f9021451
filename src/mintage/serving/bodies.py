"""JSON bodies read straight into what is asked for, and how the document describes them: the shortest way there is."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

__all__ = ["body_of", "body_schema"]

M = TypeVar("M", bound=BaseModel)


async def body_of(request: Request, model: type[M]) -> M:
    """What the body asks for.

    Raises:
        RequestValidationError: it is no JSON, or does not fit; answered by 422.
    """
    try:
        return model.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from None


def body_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The part of an OpenAPI operation that describes such a body."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": False, "content": {"application/json": {"schema": schema}}}}
