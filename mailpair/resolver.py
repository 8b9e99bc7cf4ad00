"""What DNS answers now; the one place of this package that asks anybody.

It asks this machine's resolver, or the server that it is told, as any client would (RFC 1034, section 5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address

import dns.exception
import dns.name
import dns.rdata
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from mailpair.publish.record_sets import Question, Seen

DNS_PORT = 53
_LAST_PORT = 65535
_AT_ONCE = 16  # questions
_PATIENCE = 5.0  # seconds for one of them
# An IPv6 address has brackets where a port follows it; the last one takes anything.
_FORMS = (
    re.compile(r"\[(?P<address>[^]]*)\](:(?P<port>.*))?"),
    re.compile(r"(?P<address>[^:]*)(:(?P<port>[^:]*))?"),
    re.compile(r"(?P<address>.*)", re.DOTALL),
)


class ResolverError(Exception):
    """Nobody can be asked; the text says why."""


@dataclass(frozen=True, slots=True)
class NameServer:
    """A server that is asked instead of this machine's."""

    address: str
    port: int = DNS_PORT


def name_server(written: str) -> NameServer:
    """Reads ``ADDRESS``, ``ADDRESS:PORT`` or ``[ADDRESS]:PORT``; raises ResolverError."""
    found = next(match for form in _FORMS if (match := form.fullmatch(written)))
    port = found.groupdict().get("port")
    try:
        return NameServer(str(ip_address(found["address"])), DNS_PORT if port is None else _port(port))
    except ValueError:
        rule = "must be an IP address, with a port if it is not 53: 192.0.2.1, 192.0.2.1:5353, [2001:db8::1]:5353"
        raise ResolverError(f"--server: {written!r}: {rule}") from None


def _port(written: str) -> int:
    if written.isascii() and written.isdecimal() and 0 < int(written) <= _LAST_PORT:
        return int(written)
    raise ValueError(written)


def look(asked: Iterable[Question], server: NameServer | None = None) -> Mapping[Question, Seen]:
    """What DNS answers to each question; raises ResolverError where this machine knows no server to ask."""
    try:
        resolver = dns.resolver.Resolver(configure=server is None)
    except dns.resolver.NoResolverConfiguration:
        raise ResolverError("/etc/resolv.conf: names no server to ask; give one with --server") from None
    if server is not None:
        resolver.nameservers, resolver.port = [server.address], server.port
    wanted = list(asked)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(wanted, pool.map(lambda each: _ask(resolver, *each), wanted), strict=True))


def data_of(rdata: dns.rdata.Rdata) -> str:
    """A record's data in the notation of :class:`mailpair.publish.dns.Record`."""
    if isinstance(rdata, TXT):
        return b"".join(rdata.strings).decode(errors="backslashreplace")
    return rdata.to_text()


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str) -> Seen:
    try:
        answer = resolver.resolve(name, kind, search=False, raise_on_no_answer=False, lifetime=_PATIENCE)
    except dns.resolver.NXDOMAIN as error:
        return Seen(alias=_alias(name, error.canonical_name))
    except (dns.resolver.LifetimeTimeout, dns.resolver.NoNameservers) as error:
        return Seen(trouble=_asked(error))
    except dns.exception.DNSException as error:
        return Seen(trouble=str(error))
    return Seen(tuple(data_of(each) for each in answer.rrset or ()), _alias(name, answer.canonical_name))


def _alias(name: str, canonical: dns.name.Name) -> str:
    """The name that another leads to, by one CNAME or several; empty where it is none."""
    found = canonical.to_text().lower()
    return found if found != name.lower() else ""


def _asked(error: dns.exception.DNSException) -> str:
    """Who was asked, and what each said last: ``127.0.0.1:53 said SERVFAIL``."""
    said = {_place(str(server)): what for server, _, _, what, _ in error.kwargs["errors"]}
    return ", ".join(f"{server} said {_told(what)}" for server, what in said.items())


def _place(server: str) -> str:
    """Dnspython writes ``Do53:ADDRESS@PORT``."""
    address, _, port = server.removeprefix("Do53:").rpartition("@")
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _told(what: object) -> str:
    return f"nothing within {_PATIENCE:.0f} seconds" if isinstance(what, dns.exception.Timeout) else str(what)
