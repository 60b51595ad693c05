"""How many requests a minute a caller may send, and the headers that say what is left."""

from __future__ import annotations

import math

from fastapi import Request

from api.http.problems import Problem
from api.limits import Rate


def address_of(request: Request) -> str:
    """Return where a request comes from: the socket's other end, whatever its headers say."""
    return request.client.host if request.client is not None else "unknown"


def charge(request: Request, rate: Rate, caller: str, per_minute: int) -> None:
    """Count a request against a caller's rate; raise a `Problem` with 429 where it is one too many."""
    left = rate.take(caller, per_minute)
    request.state.headers = {
        "RateLimit-Policy": f'"minute";q={left.limit};w=60',
        "RateLimit": f'"minute";r={left.left};t={math.ceil(left.wait or left.full)}',
    }
    if left.spent:
        wait = str(math.ceil(left.wait))
        raise Problem(
            429,
            "rate_limited",
            f"more than {left.limit} requests within a minute; send the next one in {wait} s, or ask an administrator for a key with a higher rate",
            {"Retry-After": wait},
        )


def charge_address(request: Request, rate: Rate, per_minute: int) -> None:
    """Count a request of somebody unknown against the address that it comes from."""
    charge(request, rate, f"address {address_of(request)}", per_minute)
