"""What is said of a certificate, word for word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailpair.watch import rules
from mailpair.watch.facts import facts
from tests.unit.watch.issuing import NOW, issued


@pytest.mark.parametrize(
    ("source", "authority", "life", "left", "level"),
    [
        # What somebody has to renew: 21 and 7 days, whatever its life.
        ("provided", False, 365, 21.1, None),
        ("provided", False, 365, 20.9, "warning"),
        ("provided", False, 365, 7.1, "warning"),
        ("provided", False, 365, 6.9, "error"),
        ("provided", False, 30, 20, "warning"),
        # A CA, whoever has signed it.
        ("private", True, 3650, 20.9, "warning"),
        ("private", True, 365, 6.9, "error"),
        ("acme", True, 365, 20.9, "warning"),
        # What renews itself and lives long: the same limits, since it was due long before.
        ("private", False, 365, 22, None),
        ("acme", False, 90, 22, None),
        ("acme", False, 90, 20.9, "warning"),
        ("acme", False, 90, 6.9, "error"),
        # What renews itself and lives for 30 days is due with 10 left.
        ("private", False, 30, 10, None),
        ("private", False, 30, 9.1, None),
        ("private", False, 30, 8.9, "warning"),
        ("private", False, 30, 5.1, "warning"),
        ("private", False, 30, 4.9, "error"),
        ("private", False, 30, -1, "error"),
        # An authority's certificate of six days.
        ("acme", False, 6, 1.9, None),
        ("acme", False, 6, 1.7, "warning"),
        ("acme", False, 6, 0.9, "error"),
    ],
)
def test_how_long_it_is_still_valid(source: str, authority: bool, life: float, left: float, level: str | None) -> None:
    what = facts(issued("mail.contoso.test", left=left, life=life, authority=authority))
    found = rules.expiry("front1 /tls/mail.pem", what, source, NOW)
    assert (found and found.level.value) == level


@pytest.mark.parametrize(
    ("source", "left", "life", "text"),
    [
        (
            "provided",
            20.5,
            365,
            (
                "warning: front1 /tls/mail.pem: mail.contoso.test, valid until 2026-12-16 00:00 UTC, 20 days left: "
                "must have 21 days left; renew it and put it where the site document says"
            ),
        ),
        (
            "private",
            4.5,
            30,
            (
                "error: front1 /tls/mail.pem: mail.contoso.test, valid until 2026-11-30 00:00 UTC, 4 days left: must "
                "have been renewed with 10 days left; see in the host's journal why it was not, and run "
                "playbooks/site.yml"
            ),
        ),
        (
            "provided",
            -0.5,
            365,
            (
                "error: front1 /tls/mail.pem: mail.contoso.test, valid until 2026-11-25 00:00 UTC, over for 12 h 0 "
                "min: must have 21 days left; renew it and put it where the site document says"
            ),
        ),
    ],
)
def test_what_is_said_of_it(source: str, left: float, life: float, text: str) -> None:
    what = facts(issued("mail.contoso.test", left=left, life=life))
    assert str(rules.expiry("front1 /tls/mail.pem", what, source, NOW)) == text


def test_the_end_of_a_ca() -> None:
    what = facts(issued("mailpair private CA 01234567", left=3, life=3650, authority=True))
    assert str(rules.expiry("controller CA root", what, "private", NOW)) == (
        "error: controller CA root: mailpair private CA 01234567, valid until 2026-11-28 12:00 UTC, 3 days left: "
        "must have 21 days left; renew the CA"
    )


def test_a_port_shows_what_its_file_holds() -> None:
    old, new = (facts(issued("mail.contoso.test", serial=serial)) for serial in (0xA1, 0xB2))
    issuer = facts(issued("issuing", serial=0xC3, authority=True))
    other_issuer = facts(issued("issuing", serial=0xD4, authority=True))
    place = "front1 IMAP 192.0.2.1:993 mail.contoso.test"
    assert rules.agreement(place, [new], [new], "/tls/mail.pem", "dovecot") is None
    assert rules.agreement(place, [new], [new, issuer], "/tls/mail.pem", "dovecot") is None  # completed by OpenSSL
    assert str(rules.agreement(place, [new], [old], "/tls/mail.pem", "dovecot")) == (
        f"error: {place}: A1: must be what is in /tls/mail.pem, B2; load it with systemctl reload dovecot"
    )
    assert str(rules.agreement(place, [new, issuer], [new], "/tls/mail.pem", "postfix")) == (
        f"error: {place}: B2 alone: must be what is in /tls/mail.pem, B2 from C3; load it with systemctl reload postfix"
    )
    assert str(rules.agreement(place, [new, issuer], [new, other_issuer], "/tls/mail.pem", "postfix")) == (
        f"error: {place}: B2 from D4: must be what is in /tls/mail.pem, B2 from C3; load it with systemctl reload "
        f"postfix"
    )


def test_a_port_shows_a_certificate_for_the_name_that_was_asked_for() -> None:
    what = facts(issued("mail.contoso.test", "*.example.test"))
    place = "front1 IMAP 192.0.2.1:993 pop.contoso.test"
    assert rules.name(place, what, "") is None
    assert rules.name(place, what, "mail.contoso.test") is None
    assert rules.name(place, what, "a.example.test") is None
    assert str(rules.name(place, what, "pop.contoso.test")) == (
        f"error: {place}: mail.contoso.test, *.example.test: must be for pop.contoso.test; run playbooks/site.yml"
    )


def test_a_certificate_from_the_host_s_future() -> None:
    what = facts(issued("mail.contoso.test", left=90, life=90))
    assert rules.begun("front1 /tls/mail.pem", what, NOW) is None
    assert str(rules.begun("front1 /tls/mail.pem", what, NOW - timedelta(days=1))) == (
        "error: front1 /tls/mail.pem: mail.contoso.test, valid from 2026-11-25 12:00 UTC: must be valid by the host's "
        "clock, which says 2026-11-24 12:00 UTC; set the clock right"
    )


@pytest.mark.parametrize(
    ("off", "text"),
    [
        (timedelta(seconds=-60), None),
        (
            timedelta(minutes=2),
            (
                "warning: front1 clock: 2026-11-25 12:02:00 UTC, 0 h 2 min ahead: must be within a minute of the "
                "controller's, which says 2026-11-25 12:00:00 UTC; set the one that is wrong, and keep it right with "
                "systemd-timesyncd or chrony"
            ),
        ),
        (
            timedelta(days=-1),
            (
                "error: front1 clock: 2026-11-24 12:00:00 UTC, 24 h 0 min behind: must be within a minute of the "
                "controller's, which says 2026-11-25 12:00:00 UTC; set the one that is wrong, and keep it right with "
                "systemd-timesyncd or chrony"
            ),
        ),
    ],
)
def test_a_clock_that_is_off(off: timedelta, text: str | None) -> None:
    found = rules.clocks("front1", NOW + off, NOW)
    assert (found and str(found)) == text


def test_what_keys_are_called() -> None:
    keys = (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate())
    assert facts(issued("a.test")).key == "ECDSA P-256"
    assert facts(issued("a.test", key=keys[0])).key == "RSA 2048"
