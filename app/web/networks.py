"""Where a request comes from."""

import ipaddress

from flask import request


def network() -> str:
    """The address that asks; of an IPv6 address the half that one household shares."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
