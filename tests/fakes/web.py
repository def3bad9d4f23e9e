"""Plain requests to pages and endpoints of a test."""

from functools import cache

import httpx


@cache
def web() -> httpx.Client:
    """One client for all, which keeps no connection: each new one reads all certificate authorities, 40 ms."""
    return httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))
