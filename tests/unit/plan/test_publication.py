from __future__ import annotations

from dataclasses import replace

from mailpair.plan import certificates, publication
from mailpair.site.model import Certificate, CertificateService, CertificateSource, ServicePair, WebSite
from tests.unit.publish.test_clients import PUBLISHED, SERVERS

FRONT = SERVERS[0]
ON = replace(
    PUBLISHED, web_site=WebSite(enabled=True, host_name="mail.contoso.test"), accepted_domains=("a.test", "b.test")
)


def test_nothing_is_there_until_it_is_turned_on() -> None:
    planned = publication.plan(PUBLISHED, SERVERS, FRONT)
    assert (planned.packages, planned.public_ports, planned.domains) == ((), (), ())


def test_each_domain_has_its_names_and_answers() -> None:
    planned = publication.plan(ON, SERVERS, FRONT)
    assert (planned.packages, planned.public_ports) == (("nginx-light",), (80, 443))
    first, second = planned.domains
    assert first.names == ("autoconfig.a.test", "autodiscover.a.test", "ua-auto-config.a.test", "a.test")
    assert [each.path for each in second.answers] == [
        f"/var/lib/mailpair/published/b.test/{name}"
        for name in ("config-v1.1.xml", "autodiscover.xml", "autodiscover.json", "user-agent-configuration.json")
    ]
    assert [each.in_the_clear for each in second.answers] == [True, False, False, False]
    assert [each.only_protocol for each in second.answers] == [None, None, "AutodiscoverV1", None]


def test_what_is_not_told_has_no_place() -> None:
    silent = replace(ON, pop3=ServicePair(), imap4=ServicePair(), receive_connectors=())
    assert [domain.answers for domain in publication.plan(silent, SERVERS, FRONT).domains] == [(), ()]


def certificate(name: str, *names: str) -> Certificate:
    return Certificate(name, CertificateSource.PRIVATE, names, frozenset({CertificateService.IIS}))


def test_the_certificate_has_all_names_that_programs_ask_for() -> None:
    for known in ((), (certificate("web", "www.a.test"),)):
        shown = certificates.shown(replace(ON, certificates=known), FRONT, CertificateService.IIS)
        wanted = {"mail.contoso.test", "autoconfig.a.test", "autodiscover.b.test", "ua-auto-config.a.test", "b.test"}
        assert wanted <= set(shown.unasked.names)
    assert "autoconfig.a.test" not in certificates.shown(PUBLISHED, FRONT, CertificateService.IIS).unasked.names


def test_names_of_one_domain_may_have_several_certificates() -> None:
    site = replace(ON, certificates=(certificate("one", "mail.contoso.test"), certificate("two", "*.a.test")))
    planned = publication.plan(site, SERVERS, FRONT)
    assert [(each.names, each.certificates[0].certificate) for each in planned.domains] == [
        (("autoconfig.a.test", "autodiscover.a.test", "ua-auto-config.a.test"), "/etc/mailpair/tls/two.pem"),
        (("a.test",), "/etc/mailpair/tls/one.pem"),
        (("autoconfig.b.test", "autodiscover.b.test", "ua-auto-config.b.test", "b.test"), "/etc/mailpair/tls/one.pem"),
    ]
    assert planned.page_certificates[0].certificate == "/etc/mailpair/tls/one.pem"
    assert planned.watched == (
        "/etc/mailpair/tls/one.pem",
        "/etc/mailpair/tls/one.key",
        "/etc/mailpair/tls/two.pem",
        "/etc/mailpair/tls/two.key",
        "/etc/nginx/mailpair.d/page.conf",
    )
