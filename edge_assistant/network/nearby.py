"""Which machines are on this network, told from their address alone: no name is looked up."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def nearby(url: str) -> bool:
    """Return whether a URL names this machine or one of this network: a private address, or a name in `.local`."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".local"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private and not address.is_unspecified
