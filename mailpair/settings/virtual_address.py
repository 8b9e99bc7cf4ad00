"""The one address at which clients find whichever front end is well."""

from __future__ import annotations

from ipaddress import IPv4Address

from mailpair.settings.forms import matching
from mailpair.settings.notation import Notation, NotationError, expect_text
from mailpair.settings.record import Answer, Parameter

_RULE = "must be an IPv4 address of the front ends' network, such as 10.0.0.100"


def _parse(raw: object) -> IPv4Address:
    text = expect_text(raw, _RULE)
    if "/" in text:
        raise NotationError(_RULE, "leave out what follows the address")
    try:
        address = IPv4Address(text)
    except ValueError as error:
        raise NotationError(_RULE) from error
    if address.is_unspecified or address.is_loopback or address.is_link_local or address.is_multicast:
        raise NotationError(_RULE)
    if address.is_reserved:  # 240.0.0.0/4, and 255.255.255.255 with it (RFC 1112, RFC 919)
        raise NotationError(_RULE)
    return address


VIRTUAL_ADDRESS = Parameter(
    name="virtual_address",
    notation=Notation("an IPv4 address such as 10.0.0.100", _parse, "10.0.0.100", matching("[0-9.]+")),
    unsaid="none",
    answer=Answer.OURS,
    source="none; Windows Network Load Balancing",
    text=(
        "An address that is no server's own: one front end answers at it, and another one once that one is away or its "
        "services do not answer. There must be two front ends at least. See docs/virtual-address.md."
    ),
    test="tests/e2e/several/test_virtual_address.py::test_the_address_leaves_a_front_end_whose_service_is_stopped",
    how="keepalived: VRRP (RFC 5798) from front end to front end",
)
