"""What a front end needs to fetch certificates by ACME."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailpair.plan import acme, renewal
from mailpair.servers import Role, Server
from mailpair.site.model import (
    Acme,
    AcmeChallenge,
    AcmeDns,
    Certificate,
    CertificateService,
    CertificateSource,
    KeyAlgorithm,
    Site,
    TsigAlgorithm,
)
from tests.unit.plan.sites import site

FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11", "fd00::b"))
OTHER = Server("front2", Role.CLIENT_ACCESS, "front2.contoso.test", ("10.0.0.13",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))
DIRECTORY = "https://acme.contoso.test/directory"
DNS = AcmeDns("ns1.contoso.test", 53, "tsig", TsigAlgorithm.HMAC_SHA512, 30)


def fetched(challenge: AcmeChallenge = AcmeChallenge.HTTP_01, **given: Any) -> Site:
    """A site that fetches its certificate."""
    asked = Acme(DIRECTORY, "postmaster@contoso.test", challenge, True, "eab", "ca.pem", DNS)
    mail = Certificate(
        "mail", CertificateSource.ACME, ("mail.contoso.test",), frozenset(CertificateService), acme=asked, **given
    )
    return site(certificates=(mail,))


def plan(planned: Site) -> acme.AcmePlan:
    """The plan of a front end that has another one beside it."""
    return acme.plan(planned, (FRONT, OTHER, BACK), FRONT)


def test_a_site_that_fetches_nothing_needs_nothing() -> None:
    planned = plan(site())
    assert (planned.asked, planned.packages, planned.public_ports, planned.files) == (False, (), (), ())
    assert not planned.answers


def test_cas_that_come_are_answered_at_port_80_with_the_other_front_ends_help() -> None:
    planned = plan(fetched())
    assert (planned.answers, planned.public_ports, planned.others) == (True, (80,), ("10.0.0.13",))
    assert [file.path for file in planned.files] == [
        "/etc/mailpair/acme/credential-eab",
        "/etc/mailpair/acme/ca-ca.pem",
    ]


def test_names_that_are_proven_by_dns_open_no_port() -> None:
    planned = plan(fetched(AcmeChallenge.DNS_01))
    assert (planned.answers, planned.public_ports) == (False, ())
    assert acme.File("credential", "tsig", "/etc/mailpair/acme/credential-tsig") in planned.files


def test_what_certbot_is_to_be_told() -> None:
    asked = fetched(AcmeChallenge.DNS_01).certificates[0].acme
    assert asked
    assert acme.options(asked) == acme.Options(
        directory=DIRECTORY,
        email="postmaster@contoso.test",
        external_account="/etc/mailpair/acme/credential-eab",
        ca_file="/etc/mailpair/acme/ca-ca.pem",
        dns=acme.Dns("ns1.contoso.test", 53, "/etc/mailpair/acme/credential-tsig", "hmac-sha512", 30),
    )
    assert acme.options(replace(asked, challenge=AcmeChallenge.HTTP_01)).dns is None


def test_the_host_fetches_one_a_key_and_its_own_ca_stands_in() -> None:
    planned = fetched(key_algorithms=frozenset(KeyAlgorithm))
    known = renewal.plan(planned, (FRONT, BACK), FRONT).configuration
    both = [each for each in known.certificates if each.source == "acme"]
    assert [(each.name, each.algorithm) for each in both] == [("mail", "ecdsa"), ("mail-rsa", "rsa-2048")]
    for each in both:
        assert each.names == ("mail.contoso.test",)
        assert each.options["ca"] == acme.options(planned.certificates[0].acme)  # type: ignore[arg-type]
        assert each.options["stand_in"] == {
            "ca_certificate": "/etc/mailpair/tls/issuing.pem",
            "ca_key": "/etc/mailpair/tls/issuing.key",
        }
    issuing = next(each for each in known.authorities if each.name == "issuing")
    assert issuing.names == ("mail.contoso.test",)
