"""The codec against bytes made by hand, and against the kernel's own view of a connection of this test."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address

import pytest

from hostside.sessions import sock_diag
from hostside.sessions.sock_diag import Connection


def answer(
    family: int, source: str, remote: str, ports: tuple[int, int], received: int, counts: tuple[int, int]
) -> bytes:
    """An inet_diag_msg with a tcp_info: ``counts`` are bytes that are not acknowledged and not sent."""
    places = b"".join(ip_address(each).packed.ljust(16, b"\0") for each in (source, remote))
    head = bytes([family, 1, 0, 0]) + struct.pack("!HH", *ports) + places + bytes(4) + b"cookie!!" + bytes(20)
    info = bytearray(200)
    struct.pack_into("=I", info, 24, counts[0])
    struct.pack_into("=I", info, 52, received)
    struct.pack_into("=I", info, 144, counts[1])
    other = struct.pack("=HH", 5, 8) + b"x\0\0\0"
    return head + other + struct.pack("=HH", 4 + len(info), sock_diag.INET_DIAG_INFO) + bytes(info)


def test_an_answer_is_read() -> None:
    body = answer(socket.AF_INET, "10.0.0.11", "10.0.0.1", (993, 50000), 1500, (0, 0))
    read = sock_diag.connection(body)
    assert read == Connection(socket.AF_INET, body[4:52], 993, "10.0.0.1", 50000, 1500, busy=False)
    assert read.key == ("10.0.0.1", 50000, 993)


@pytest.mark.parametrize("counts", [(1, 0), (0, 1)])
def test_what_is_on_its_way_makes_it_busy(counts: tuple[int, int]) -> None:
    assert sock_diag.connection(answer(socket.AF_INET6, "fd00::1", "fd00::2", (143, 1), 0, counts)).busy


@pytest.mark.parametrize(("written", "shown"), [("::ffff:192.0.2.7", "192.0.2.7"), ("fd00:0:0::7", "fd00::7")])
def test_addresses_have_one_form(written: str, shown: str) -> None:
    body = answer(socket.AF_INET6, "::1", written, (993, 5), 0, (0, 0))
    assert sock_diag.connection(body).remote_address == shown


def test_an_answer_without_tcp_info_is_an_error() -> None:
    with pytest.raises(ValueError, match="left out what was asked for"):
        sock_diag.connection(bytes(sock_diag.ATTRIBUTES))


def test_messages_are_padded_to_four_bytes() -> None:
    first = sock_diag.HEADER.pack(17, 20, 0, 1, 0) + b"a" + bytes(3)
    second = sock_diag.HEADER.pack(16, 3, 0, 1, 0)
    assert list(sock_diag.messages(first + second)) == [(20, b"a"), (3, b"")]


def test_an_error_s_number_is_positive() -> None:
    assert sock_diag.error(struct.pack("=i", -2)) == 2


@pytest.mark.parametrize(("error", "able"), [(0, True), (95, False), (1, False)])
def test_whether_connections_can_be_ended_is_tried(monkeypatch: pytest.MonkeyPatch, error: int, able: bool) -> None:
    ended: list[Connection] = []

    def destroy(victim: Connection) -> bool:
        ended.append(victim)
        if error:
            raise OSError(error, "no")
        return True

    monkeypatch.setattr(sock_diag, "destroy", destroy)
    assert sock_diag.can_destroy() is able
    assert [each.remote_address for each in ended] == ["127.0.0.1"]


def test_the_kernel_lists_a_connection_of_this_test() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            port, remote = server.getsockname()[1], client.getsockname()[1]
            (found,) = [each for each in sock_diag.connections() if each.local_port == port]
            assert (found.remote_address, found.remote_port, found.busy) == ("127.0.0.1", remote, False)
