"""Reads what a request carries."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from mintage.errors import ConfigError

__all__ = ["read_body"]


async def read_body(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries.

    Raises:
        ConfigError: it carries none.
    """
    try:
        body = await request.json()
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The body is no JSON: {error}.") from error
    if not isinstance(body, dict):
        raise ConfigError("The body is no JSON object of settings.")
    return body
