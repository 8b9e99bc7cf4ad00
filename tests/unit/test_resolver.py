"""Who is asked about DNS, and what is said when there is no good answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from mailpair import resolver
from mailpair.publish.record_sets import Seen
from mailpair.resolver import NameServer, ResolverError, look, name_server

MAIL = ("mail.contoso.test.", "A")
Answer = Callable[[dns.message.Message], dns.message.Message | None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], NameServer]]:
    """Starts servers that answer over UDP as a function says; None is silence."""
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(answer: Answer) -> NameServer:
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listening.bind(("127.0.0.1", 0))

        def run() -> None:
            while True:
                wire, client = listening.recvfrom(4096)
                if not wire:
                    return
                response = answer(dns.message.from_wire(wire))
                if response is not None:
                    listening.sendto(response.to_wire(), client)

        sockets.append(listening)
        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return NameServer(*listening.getsockname())

    yield start
    for listening, thread in zip(sockets, threads, strict=True):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", listening.getsockname())
        thread.join()
        listening.close()


def having(*lines: str, code: dns.rcode.Rcode = dns.rcode.NOERROR) -> Answer:
    """Answers with these records, each a line of a zone file with a TTL."""

    def answer(query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        response.set_rcode(code)
        for line in lines:
            name, ttl, kind, data = line.split(maxsplit=3)
            response.answer.append(dns.rrset.from_text(name, int(ttl), "IN", kind, data))
        return response

    return answer


def test_what_dns_has_is_in_the_list_s_own_notation(serve: Callable[[Answer], NameServer]) -> None:
    server = serve(having("contoso.test. 60 MX 10 Mail.contoso.test."))
    assert look([("contoso.test.", "MX")], server) == {("contoso.test.", "MX"): Seen(("10 Mail.contoso.test.",))}
    server = serve(having('contoso.test. 60 TXT "v=spf1 " "-all"'))
    assert look([("contoso.test.", "TXT")], server) == {("contoso.test.", "TXT"): Seen(("v=spf1 -all",))}
    server = serve(having("_imaps._tcp.contoso.test. 60 SRV 0 0 0 ."))
    asked = ("_imaps._tcp.contoso.test.", "SRV")
    assert look([asked], server) == {asked: Seen(("0 0 0 .",))}


def test_an_alias_is_told_with_where_it_leads(serve: Callable[[Answer], NameServer]) -> None:
    server = serve(having("mail.contoso.test. 60 CNAME Web.contoso.test.", "Web.contoso.test. 60 A 10.0.0.9"))
    assert look([MAIL], server) == {MAIL: Seen(("10.0.0.9",), alias="web.contoso.test.")}
    server = serve(having("mail.contoso.test. 60 CNAME gone.contoso.test.", code=dns.rcode.NXDOMAIN))
    assert look([MAIL], server) == {MAIL: Seen(alias="gone.contoso.test.")}


@pytest.mark.parametrize("code", [dns.rcode.NOERROR, dns.rcode.NXDOMAIN])
def test_what_is_not_there_is_no_trouble(serve: Callable[[Answer], NameServer], code: dns.rcode.Rcode) -> None:
    assert look([MAIL], serve(having(code=code))) == {MAIL: Seen()}


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_a_server_that_cannot_tell_is_named(serve: Callable[[Answer], NameServer], code: dns.rcode.Rcode) -> None:
    server = serve(having(code=code))
    assert look([MAIL], server) == {MAIL: Seen(trouble=f"127.0.0.1:{server.port} said {code.name}")}


def test_silence_is_named(serve: Callable[[Answer], NameServer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_PATIENCE", 1.0)
    server = serve(lambda _: None)
    assert look([MAIL], server) == {MAIL: Seen(trouble=f"127.0.0.1:{server.port} said nothing within 1 seconds")}


@pytest.mark.parametrize(
    ("written", "server"),
    [
        ("192.0.2.1", NameServer("192.0.2.1", 53)),
        ("192.0.2.1:5353", NameServer("192.0.2.1", 5353)),
        ("2001:DB8::1", NameServer("2001:db8::1", 53)),
        ("[2001:db8::1]", NameServer("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", NameServer("2001:db8::1", 5353)),
    ],
)
def test_a_server_is_an_address_with_a_port(written: str, server: NameServer) -> None:
    assert name_server(written) == server


@pytest.mark.parametrize("written", ["", "ns1.contoso.test", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:", "[::1]5"])
def test_another_server_is_refused(written: str) -> None:
    with pytest.raises(ResolverError) as error:
        name_server(written)
    assert str(error.value) == (
        f"--server: {written!r}: must be an IP address, with a port if it is not 53: "
        "192.0.2.1, 192.0.2.1:5353, [2001:db8::1]:5353"
    )
