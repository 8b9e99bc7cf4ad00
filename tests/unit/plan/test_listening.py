from __future__ import annotations

from ipaddress import ip_address

from mailpair.plan.listening import Inner, Share, Target, doors
from mailpair.site.model import IpRange
from tests.unit.plan.sites import bindings, receive

BOTH = bindings("0.0.0.0:25", "[::]:25")


def addresses(*texts: str) -> tuple[IpRange, ...]:
    """Ranges as Exchange writes them."""
    pairs = (text.partition("-") for text in texts)
    return tuple(IpRange(ip_address(first), ip_address(last or first)) for first, _, last in pairs)


def test_one_connector_on_a_binding_has_it_to_itself() -> None:
    planned = doors([receive("Default", bindings=BOTH, ssl_bindings=bindings("[2001:db8::1]:465"))])
    assert [(str(each.at), each.ssl) for each in planned.listeners["Default"]] == [
        ("0.0.0.0:25", False),
        ("[::]:25", False),
        ("[2001:db8::1]:465", True),
    ]
    assert (planned.shares, planned.inner) == ((), ())
    assert planned.ports("Default") == (25, 465)


def test_the_connector_for_most_addresses_has_the_port_and_others_one_of_their_own() -> None:
    everyone = receive("Default", bindings=BOTH)
    partner = receive("Partner", bindings=BOTH, remote_ip_ranges=addresses("10.0.0.0-10.0.0.9", "fd00::1"))
    inside = receive("Inside", bindings=BOTH[:1], remote_ip_ranges=addresses("10.0.0.4"))
    planned = doors([partner, everyone, inside])
    (partners,), (insides,) = planned.ports("Partner"), planned.ports("Inside")
    assert planned.ports("Default") == (25,)
    assert [str(each.at) for each in planned.listeners["Partner"]] == [f"0.0.0.0:{partners}", f"[::]:{partners}"]
    four, six = planned.shares
    assert four == Share(
        name="share4_any_25",
        family="ipv4",
        keyword="ip",
        type="ipv4_addr",
        address=None,
        port=25,
        targets=(
            Target("10.0.0.0-10.0.0.3", partners),
            Target("10.0.0.4", insides),
            Target("10.0.0.5-10.0.0.9", partners),
        ),
        served=None,
    )
    assert (six.name, six.targets, six.served) == ("share6_any_25", (Target("fd00::1", partners),), None)
    assert {*planned.inner} == {Inner(partners, 25), Inner(insides, 25)}


def test_an_inner_port_stays_when_others_come_and_go() -> None:
    everyone = receive("Default", bindings=BOTH)
    partner = receive("Partner", bindings=BOTH, remote_ip_ranges=addresses("10.0.0.9"))
    more = [
        receive(f"A {number}", bindings=BOTH, remote_ip_ranges=addresses(f"10.1.0.{number}")) for number in range(9)
    ]
    assert doors([everyone, partner]).ports("Partner") == doors([*more, everyone, partner]).ports("Partner")


def test_whoever_no_connector_is_for_is_refused() -> None:
    (share,) = doors([receive(bindings=BOTH[:1], remote_ip_ranges=addresses("10.0.0.0-10.0.0.9"))]).shares
    assert (share.targets, share.served) == ((), ("10.0.0.0-10.0.0.9",))


def test_one_address_goes_before_all_addresses() -> None:
    everywhere = receive("Default", bindings=BOTH[:1])
    here = receive("Here", bindings=bindings("10.9.0.1:25"))
    planned = doors([everywhere, here])
    (port,) = planned.ports("Here")
    (share,) = planned.shares
    assert (share.name, share.address, share.targets) == (
        "share4_a090001_25",
        "10.9.0.1",
        (Target("0.0.0.0-255.255.255.255", port),),
    )


def test_loopback_is_never_redirected() -> None:
    planned = doors(
        [receive("A", bindings=bindings("127.0.0.1:2525")), receive("B", bindings=bindings("127.0.0.2:2525"))]
    )
    assert (planned.ports("A"), planned.ports("B"), planned.shares) == ((2525,), (2525,), ())
