"""Records of a zone looked at and changed on the zone's own server: RFC 2136, signed by a key (TSIG, RFC 8945).

All goes over TCP, and both directions are signed. Each change says what it expects to find, so the server refuses it
where somebody else was faster.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.TXT import TXT

from mailpair.publish.record_sets import RecordSet, normal, split
from mailpair.resolver import data_of
from pulumi_stack.errors import StackError, refuse

_PATIENCE = 10.0  # seconds for one exchange
_STRING = 255  # octets of one string of a TXT record
_SIGNATURES = {
    dns.tsig.PeerBadKey: "must know the key {name}; look at dns.key_name, and at the server's own list of keys",
    dns.tsig.PeerBadSignature: "must have the same key {name}; set it with pulumi config set --secret dns_key",
    dns.tsig.PeerBadTime: "must have the same time as this machine; look at both clocks",
}


@dataclass(frozen=True, slots=True)
class Primary:
    """The server that takes changes of a zone, and the key; ``zone`` ends with a dot."""

    server: str
    port: int
    zone: str
    key_name: str
    algorithm: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a name: records in the place of a set, others beside them, or an alias instead."""

    mine: tuple[str, ...]
    others: tuple[str, ...]
    alias: str
    rrset: dns.rrset.RRset | None

    def having(self, data: Collection[str]) -> list[dns.rdata.Rdata]:
        """The very records that mean these data; a text may be cut into strings in many ways."""
        return [each for each in self.rrset or () if normal(dns.rdatatype.to_text(each.rdtype), data_of(each)) in data]

    def wrong(self, wanted: RecordSet, ttl: int) -> list[str]:
        """How it differs from what is wanted, in words; the TTL is that of all records of a type."""
        if self.alias:
            return [f"an alias of {self.alias}"]
        if set(self.mine) != set(wanted.data):
            return [", ".join(self.mine) or "missing"]
        if self.rrset is not None and self.rrset.ttl != ttl and not self.others:
            return [f"ttl {self.rrset.ttl}"]
        return []


async def look(primary: Primary, wanted: RecordSet) -> Found:
    """What the server has in the place of a set; raises StackError where it can't say."""
    query = dns.message.make_query(wanted.name, wanted.type)
    query.flags &= ~dns.flags.RD
    response = await _exchange(primary, query)
    code = response.rcode()
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) or not response.flags & dns.flags.AA:
        raise _unwilling(primary, code.name if code else "that it only knows whom else to ask")
    name = dns.name.from_text(wanted.name)
    alias = response.get_rrset(dns.message.ANSWER, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
    rrset = response.get_rrset(dns.message.ANSWER, name, dns.rdataclass.IN, dns.rdatatype.from_text(wanted.type))
    mine, others = split(wanted, [data_of(each) for each in rrset or ()])
    target = alias[0] if alias else None
    return Found(mine, others, target.target.to_text() if isinstance(target, CNAME) else "", rrset)


async def write(primary: Primary, wanted: RecordSet, ttl: int, replaceable: Collection[str] | None = None) -> None:
    """Has the server hold a set.

    ``replaceable`` are the data that may be replaced, where not all that stands there may be. Raises StackError where
    something else stands there, and where the server does not take the change.
    """
    found = await look(primary, wanted)
    if not found.wrong(wanted, ttl):
        return
    foreign = replaceable is not None and not set(found.mine) <= {*replaceable, *wanted.data}
    if found.alias or foreign:
        raise refuse(
            wanted.label,
            f"an alias of {found.alias}" if found.alias else ", ".join(found.mine),
            "is in DNS already, and this stack did not make it",
            "take it away, or leave it to others with dns.leave_out",
        )
    update = _update(primary)
    if found.rrset is None:
        update.absent(wanted.name, wanted.type)
    else:
        update.present(wanted.name, *found.rrset)
    if found.others and found.rrset is not None:
        # The set is not ours alone, and has one TTL.
        ttl = found.rrset.ttl
        for old in found.having(found.mine):
            update.delete(wanted.name, old)
    else:
        update.delete(wanted.name, wanted.type)
    for each in wanted.data:
        update.add(wanted.name, ttl, _rdata(wanted.type, each))
    await _change(primary, update, wanted)


async def remove(primary: Primary, made: RecordSet) -> tuple[str, ...]:
    """Takes the records of a set away, and nothing else; returns what stands in their place and is not of them."""
    found = await look(primary, made)
    if ours := found.having(made.data):
        update = _update(primary)
        for each in ours:
            update.delete(made.name, each)
        await _change(primary, update, made)
    return tuple(each for each in found.mine if each not in made.data)


def _update(primary: Primary) -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage(primary.zone)


def _rdata(kind: str, data: str) -> dns.rdata.Rdata:
    if kind != "TXT":
        return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), data)
    text = data.encode()
    strings = [text[at : at + _STRING] for at in range(0, len(text), _STRING)]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings)


async def _change(primary: Primary, update: dns.update.UpdateMessage, wanted: RecordSet) -> None:
    code = (await _exchange(primary, update)).rcode()
    if code in (dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN):
        rule = "was changed by somebody else while this ran"
        raise refuse(wanted.label, code.name, rule, "run pulumi up again")
    if code != dns.rcode.NOERROR:
        raise _unwilling(primary, f"{code.name} to {wanted.label}")


async def _exchange(primary: Primary, message: dns.message.Message) -> dns.message.Message:
    """The server's answer, which it has signed; raises StackError where there is none to be trusted."""
    message.use_tsig(dns.tsig.Key(primary.key_name, primary.key, primary.algorithm))
    try:
        async with asyncio.timeout(_PATIENCE):
            wire = await _send(primary, message)
        bare = dns.message.from_wire(wire, keyring=False)
        if bare.had_tsig:
            return dns.message.from_wire(wire, keyring=message.keyring, request_mac=message.mac)
        if bare.rcode() == dns.rcode.NOTAUTH:  # what Knot says by the code alone
            raise _refused(primary, _SIGNATURES[dns.tsig.PeerBadKey].format(name=primary.key_name))
        if bare.rcode():
            raise _unwilling(primary, bare.rcode().name)
        told = "its answer is not signed"
    except TimeoutError:
        told = f"nothing came within {_PATIENCE:.0f} seconds"
    except tuple(_SIGNATURES) as error:
        raise _refused(primary, _SIGNATURES[type(error)].format(name=primary.key_name)) from None
    except OSError as error:
        told = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
    except (EOFError, dns.exception.DNSException) as error:
        told = str(error) or type(error).__name__
    raise _refused(primary, f"must answer over TCP; {told}")


async def _send(primary: Primary, message: dns.message.Message) -> bytes:
    reader, writer = await asyncio.open_connection(primary.server, primary.port)
    try:
        writer.write(message.to_wire(prepend_length=True))
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
    finally:
        writer.close()


def _unwilling(primary: Primary, said: str) -> StackError:
    rule = f"must serve the zone {primary.zone} itself, and take changes of it from the key {primary.key_name}"
    return _refused(primary, f"{rule}; it says {said}")


def _refused(primary: Primary, rule: str) -> StackError:
    return refuse("dns.server", f"{primary.server} port {primary.port}", rule)
