"""The module certificates_seen: files, ports, and the words that come before TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.mailpair.mail.plugins.modules import certificates_seen as seen
from cryptography.hazmat.primitives import serialization

from tests.unit.watch.issuing import KEY, issued

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PEM = issued("mail.contoso.test")
KEY_PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


@contextmanager
def server(folder: Path, script: Sequence[tuple[str, str]], *, tls: bool = True) -> Iterator[dict[str, Any]]:
    """A port that answers lines as a script says (the first answer comes unasked), then begins TLS or hangs up."""
    (folder / "both.pem").write_text(PEM + KEY_PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")

    def serve() -> None:
        client, _ = listening.accept()
        with client:
            for expected, answer in script:
                if expected and client.makefile("rb", buffering=0).readline().decode().strip() != expected:
                    return
                client.sendall(answer.encode())
            if tls:
                with suppress(ssl.SSLError), context.wrap_socket(client, server_side=True) as secure:
                    secure.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield {"address": "127.0.0.1", "port": listening.getsockname()[1], "starttls": "", "name": "mail.contoso.test"}
        thread.join(10)


@pytest.mark.parametrize(
    ("protocol", "script"),
    [
        ("", []),
        ("imap", [("", "* OK ready\r\n"), ("a STARTTLS", "a OK begin\r\n")]),
        ("pop3", [("", "+OK ready\r\n"), ("STLS", "+OK begin\r\n")]),
        (
            "smtp",
            [
                ("", "220-mail\r\n220 ready\r\n"),
                ("EHLO localhost", "250-mail\r\n250 STARTTLS\r\n"),
                ("STARTTLS", "220 begin\r\n"),
            ],
        ),
    ],
)
def test_what_a_port_shows(tmp_path: Path, protocol: str, script: list[tuple[str, str]]) -> None:
    with server(tmp_path, script) as place:
        assert seen.at_port({**place, "starttls": protocol}, 5.0) == {"pem": [PEM], "reason": ""}


def test_a_port_is_asked_for_a_kind_of_key(tmp_path: Path) -> None:
    with server(tmp_path, []) as place:
        assert seen.at_port({**place, "key": "ECDSA"}, 5.0) == {"pem": [PEM], "reason": ""}


def test_a_port_without_that_kind_of_key(tmp_path: Path) -> None:
    with server(tmp_path, []) as place:
        assert "handshake failure" in seen.at_port({**place, "key": "RSA"}, 5.0)["reason"].lower().replace("_", " ")


def test_a_port_that_refuses_tls(tmp_path: Path) -> None:
    script = [("", "220 ready\r\n"), ("EHLO localhost", "250 mail\r\n"), ("STARTTLS", "502 5.5.1 no\r\n")]
    with server(tmp_path, script, tls=False) as place:
        told = seen.at_port({**place, "starttls": "smtp"}, 5.0)
    assert told == {"pem": [], "reason": "STARTTLS was answered with '502 5.5.1 no'"}


def test_a_port_that_hangs_up(tmp_path: Path) -> None:
    with server(tmp_path, [], tls=False) as place:
        told = seen.at_port({**place, "starttls": "imap"}, 5.0)
    assert told == {"pem": [], "reason": "the connection was answered with ''"}


def test_a_port_where_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    place = {"address": "127.0.0.1", "port": port, "starttls": "", "name": ""}
    assert seen.at_port(place, 5.0) == {"pem": [], "reason": "nothing listens there"}


def test_a_port_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = {"address": "127.0.0.1", "port": listening.getsockname()[1], "starttls": "", "name": ""}
        assert seen.at_port(place, 0.2) == {"pem": [], "reason": "no answer within 0.2 s"}


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "mail.pem"
    assert seen.in_file(str(path)) == {"pem": [], "reason": "it is not there"}
    path.write_text(KEY_PEM)
    assert seen.in_file(str(path)) == {"pem": [], "reason": "it holds no certificate"}
    path.write_text(PEM + KEY_PEM + PEM)
    assert seen.in_file(str(path)) == {"pem": [PEM, PEM], "reason": ""}
