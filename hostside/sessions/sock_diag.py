"""The kernel's list of TCP connections, and how to end one of them: netlink's sock_diag, see sock_diag(7).

What is encoded and decoded is pure; :func:`connections` and :func:`destroy` talk to the kernel.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY, SOCK_DESTROY = 20, 21
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
INET_DIAG_INFO = 2
TCP_ESTABLISHED, TCP_CLOSE_WAIT = 1, 8
HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port id
REQUEST = struct.Struct("=BBBBI")  # family, protocol, extensions, padding, states
IDENTITY = slice(4, 52)  # inet_diag_sockid within inet_diag_msg
ATTRIBUTES = 72  # where inet_diag_msg ends
READ = 1 << 18  # bytes; more than the kernel puts into one answer


@dataclass(frozen=True, slots=True)
class Connection:
    """One end of an established TCP connection on this host; times are in milliseconds.

    ``identity`` is the kernel's own name of it, to end it by. ``busy`` says that something sent by this end is still on
    its way: not acknowledged, or not even sent.
    """

    family: int
    identity: bytes
    local_port: int
    remote_address: str
    remote_port: int
    received: int  # since data came last
    busy: bool

    @property
    def key(self) -> tuple[str, int, int]:
        """What the events of Dovecot tell a session by as well: remote address and port, local port."""
        return self.remote_address, self.remote_port, self.local_port


def dump_request(family: int) -> bytes:
    """The question for all established connections of a family (AF_INET or AF_INET6)."""
    states = 1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT
    body = REQUEST.pack(family, socket.IPPROTO_TCP, 1 << (INET_DIAG_INFO - 1), 0, states) + bytes(48)
    return _message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, body)


def destroy_request(family: int, identity: bytes) -> bytes:
    """The order to end one connection."""
    body = REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + identity
    return _message(SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, body)


def _message(kind: int, flags: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, flags, 1, 0) + body


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Split what was read from the kernel into messages: type and body."""
    place = 0
    while place < len(data):
        length, kind, _, _, _ = HEADER.unpack_from(data, place)
        yield kind, data[place + HEADER.size : place + length]
        place += (length + 3) & ~3


def error(body: bytes) -> int:
    """The error number in the body of a message of type NLMSG_ERROR; 0 is success."""
    number: int = struct.unpack_from("=i", body)[0]
    return -number


def connection(body: bytes) -> Connection:
    """Read one connection out of the body of an answer."""
    family = body[0]
    local_port, remote_port = struct.unpack_from("!HH", body, 4)
    info = _attribute(body, INET_DIAG_INFO)
    (unacknowledged,) = struct.unpack_from("=I", info, 24)
    (received,) = struct.unpack_from("=I", info, 52)
    (unsent,) = struct.unpack_from("=I", info, 144)
    return Connection(
        family=family,
        identity=body[IDENTITY],
        local_port=local_port,
        remote_address=address(body[24:28] if family == socket.AF_INET else body[24:40]),
        remote_port=remote_port,
        received=received,
        busy=bool(unacknowledged or unsent),
    )


def address(packed: bytes | str) -> str:
    """An address as text; an IPv4 one that came in IPv6's clothes is shown as what it is."""
    found: IPv4Address | IPv6Address = ip_address(packed)
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(found)


def _attribute(body: bytes, wanted: int) -> bytes:
    place = ATTRIBUTES
    while place + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, place)
        if kind == wanted:
            return body[place + 4 : place + length]
        place += (length + 3) & ~3
    raise ValueError("the kernel left out what was asked for")


def connections() -> list[Connection]:
    """All established TCP connections of this host. Raises OSError where the kernel does not answer."""
    found: list[Connection] = []
    with _netlink() as kernel:
        for family in (socket.AF_INET, socket.AF_INET6):
            kernel.send(dump_request(family))
            done = False
            while not done:
                for kind, body in messages(kernel.recv(READ)):
                    if kind == NLMSG_ERROR:
                        raise OSError(error(body), os.strerror(error(body)))
                    done = done or kind == NLMSG_DONE
                    if kind == SOCK_DIAG_BY_FAMILY:
                        found.append(connection(body))
    return found


def destroy(victim: Connection) -> bool:
    """End a connection; False if it had ended by itself.

    Raises OSError where the kernel can't, or where this program may not (CAP_NET_ADMIN).
    """
    with _netlink() as kernel:
        kernel.send(destroy_request(victim.family, victim.identity))
        ((_, body),) = messages(kernel.recv(READ))
    number = error(body)
    if number in {0, 2}:  # ENOENT: it is gone
        return number == 0
    raise OSError(number, os.strerror(number))


def can_destroy() -> bool:
    """Whether this kernel lets this program end connections: tried with one of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            name = client.getsockname()[1], server.getsockname()[1]
            for each in connections():
                if (each.local_port, each.remote_port) == name:
                    try:
                        return destroy(each)
                    except OSError:
                        return False
    return False


def _netlink() -> socket.socket:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
