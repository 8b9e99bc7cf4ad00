"""Says over VRRP (RFC 5798) that this host has a virtual address, with the highest priority there is.

``advertise.py SOURCE DESTINATION VIRTUAL ROUTER_ID TTL COUNT``
"""

from __future__ import annotations

import socket
import struct
import sys

VRRP = 112
VERSION_AND_TYPE = 0x31  # version 3, an advertisement
PRIORITY = 255
INTERVAL = 100  # hundredths of a second


def checksum(data: bytes) -> int:
    """RFC 1071, for an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def main(source: str, destination: str, virtual: str, router: str, ttl: str, count: str) -> None:
    """Send them."""
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    head = struct.pack("!BBBBH", VERSION_AND_TYPE, int(router), PRIORITY, 1, INTERVAL)
    address = socket.inet_aton(virtual)
    length = len(head) + 2 + len(address)
    right = checksum(ends + struct.pack("!BBH", 0, VRRP, length) + head + b"\0\0" + address)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, VRRP) as raw:
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
        raw.bind((source, 0))
        for _ in range(int(count)):
            raw.sendto(head + struct.pack("!H", right) + address, (destination, 0))


main(*sys.argv[1:])
