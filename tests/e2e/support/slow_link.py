"""A slow and lossy link: frames to one machine come late, and some not at all, as ``tc netem`` has it.

The kernel need not have sch_netem: the machine's port of the bridge is taken by a tap device, and this process carries
frames between the two.
"""

from __future__ import annotations

import errno
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host

TAP, NO_PI, VNET_HDR = 0x0002, 0x1000, 0x4000  # linux/if_tun.h
TUNSETIFF = 0x400454CA
SOL_PACKET, PACKET_VNET_HDR, PACKET_OUTGOING = 263, 15, 4  # linux/if_packet.h
EVERYTHING = 0x0003  # ETH_P_ALL
FULL = {errno.EAGAIN, errno.ENOBUFS}  # a queue is full, which loses a frame as on any link; or there is none after all
LARGEST = 1 << 17  # what the kernel has yet to cut into frames comes as a whole


class Link:
    """What carries the frames, and how many it has carried and lost on the way to the machine."""

    def __init__(self, inner: str, outer: str, delay: float, loss: float) -> None:
        """``inner`` leads to the machine and ``outer`` is made; ``delay`` in seconds, ``loss`` a share of one."""
        self.carried = self.lost = 0
        self._delay, self._loss, self._dice = delay, loss, random.Random(7)
        self._outer = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self._outer, TUNSETIFF, struct.pack("16sH22x", outer.encode(), TAP | NO_PI | VNET_HDR))
        self._inner = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING))
        # Checksums and large segments that the kernel has not made yet are told in a header before the frame.
        self._inner.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self._inner.bind((inner, EVERYTHING))
        self._inner.setblocking(False)
        self._stop, self._wake = os.pipe()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._carry_on, daemon=True)

    def begin(self) -> None:
        """Carries frames from now on; both devices are up."""
        self._thread.start()

    def close(self) -> None:
        """Ends it; the tap device goes. Raises the OSError by which it ended before."""
        os.close(self._wake)
        if self._thread.ident:
            self._thread.join()
        self._inner.close()
        for each in (self._outer, self._stop):
            os.close(each)
        if self._failure:
            raise self._failure

    def _carry_on(self) -> None:
        try:
            self._carry()
        except OSError as error:
            self._failure = error

    def _carry(self) -> None:
        under_way: list[tuple[float, int, bytes]] = []
        inner = self._inner.fileno()
        watched = [self._outer, inner, self._stop]
        while True:
            patience = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
            ready = select.select(watched, [], [], patience)[0]
            if self._stop in ready:
                return
            if self._outer in ready:
                with may_be_lost():
                    frame = os.read(self._outer, LARGEST)
                    if self._dice.random() < self._loss:
                        self.lost += 1
                    else:
                        self.carried += 1
                        heapq.heappush(under_way, (time.monotonic() + self._delay, self.carried, frame))
            if inner in ready:
                with may_be_lost():
                    frame, (_, _, kind, *_) = self._inner.recvfrom(LARGEST)
                    if kind != PACKET_OUTGOING:
                        os.write(self._outer, frame)
            while under_way and under_way[0][0] <= time.monotonic():
                with may_be_lost():
                    self._inner.send(heapq.heappop(under_way)[2])


@contextmanager
def may_be_lost() -> Iterator[None]:
    """A frame for which a device has no room does not come; every other error is one."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise


@contextmanager
def slow_link(host: Host, bridge: str, *, delay: float = 0.3, loss: float = 0.05) -> Iterator[Link]:
    """Whatever goes to a machine on a bridge is late by ``delay`` seconds, and ``loss`` of it never comes."""
    number = int(host.run("cat /sys/class/net/host0/iflink"))
    inner, outer = socket.if_indextoname(number), f"tp-{number}"
    link = Link(inner, outer, delay, loss)
    try:
        ip("link", "set", inner, "nomaster")
        ip("link", "set", outer, "master", bridge, "up")
        link.begin()
        yield link
    finally:
        link.close()
        ip("link", "set", inner, "master", bridge)


def ip(*arguments: str) -> None:
    """Runs ip(8)."""
    subprocess.run(["ip", *arguments], check=True)
