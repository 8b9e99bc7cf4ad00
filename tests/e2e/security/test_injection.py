"""What is said before TLS, or hidden in something else, is not taken for what a client says afterwards."""

from __future__ import annotations

import base64
import re
import ssl
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients, world
from tests.e2e.support.clients import PUBLIC_NAME
from tests.e2e.support.wire import UnaskedError, Wire, wire

if TYPE_CHECKING:
    from tests.e2e.support.lab import Lab
    from tests.e2e.support.outside import Outside

ADA, BOB, STRANGER = "ada@contoso.test", "bob@contoso.test", "stranger@example.test"

# --- commands in the segment that asks for TLS (RFC 2595, RFC 3207 section 4.2; CVE-2011-0411 and its kin) ----------


@pytest.mark.parametrize(
    ("port", "command", "hidden"),
    [
        (143, b"a STARTTLS\r\n", b"b CAPABILITY\r\n"),
        (143, b"a STARTTLS\r\n", b"b LOGIN ada wrong\r\n"),
        (143, b"a STARTTLS\r\n", b"b LOG"),
        (110, b"STLS\r\n", b"CAPA\r\n"),
        (110, b"STLS\r\n", b"USER ada\r\n"),
        (110, b"STLS\r\n", b"CA"),
    ],
)
def test_what_comes_with_the_wish_for_tls_is_taken_for_tls_and_ends_it(
    lab: Lab, port: int, command: bytes, hidden: bytes
) -> None:
    with wire(PUBLIC_NAME, port) as client:
        client.line()
        client.send(command + hidden)
        assert client.line().split()[:2] in ([b"a", b"OK"], [b"+OK", b"Begin"])
        with pytest.raises((ssl.SSLError, ConnectionError, UnaskedError)) as ended:
            client.start_tls(lab.tls)
        if isinstance(ended.value, UnaskedError):
            # The server was faster, and said so in an alert (RFC 8446, section 6).
            assert ended.value.args[0].startswith(b"\x15\x03")


@pytest.mark.parametrize("port", [25, 587])
@pytest.mark.parametrize("hidden", [b"EHLO hidden.test\r\n", b"NOOP hidden\r\n", b"MAIL FROM:<>\r\n", b"NO"])
def test_smtp_forgets_what_came_with_starttls(lab: Lab, port: int, hidden: bytes) -> None:
    with wire(PUBLIC_NAME, port) as client:
        client.reply()
        client.send(b"EHLO client.test\r\n")
        assert b"250-STARTTLS" in client.reply()
        client.send(b"STARTTLS\r\n" + hidden)
        assert client.line().startswith(b"220")
        client.start_tls(lab.tls)
        client.send(b"QUIT\r\n")
        assert client.rest() == b"221 2.0.0 Bye\r\n"


@pytest.mark.parametrize("port", [25, 587])
def test_smtp_forgets_who_the_client_was_before_tls(lab: Lab, port: int) -> None:
    with wire(PUBLIC_NAME, port) as client:
        client.reply()
        client.send(b"EHLO client.test\r\n")
        client.reply()
        client.send(b"STARTTLS\r\n")
        client.reply()
        client.start_tls(lab.tls)
        client.send(b"MAIL FROM:<stranger@example.test>\r\n")
        (answer,) = client.reply()
        assert answer.startswith(b"503")  # it has to greet anew


# --- a client that does not wait ------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", [143, 110])
def test_a_password_ahead_of_the_greeting_opens_nothing(lab: Lab, port: int) -> None:
    secret = lab.password(ADA).encode()
    said = {143: b"a LOGIN ada@contoso.test " + secret + b"\r\nb LOGOUT\r\n",
            110: b"USER ada@contoso.test\r\nPASS " + secret + b"\r\nQUIT\r\n"}  # fmt: skip
    with wire(PUBLIC_NAME, port) as client:
        client.send(said[port])
        answers = client.rest()
    assert b"PRIVACYREQUIRED" in answers if port == 143 else answers.count(b"-ERR") == 2
    assert secret not in answers


# --- a message within a message (SMTP smuggling) --------------------------------------------------------------------

ENDS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r\n.\r",
    b"\r.\r\n",
    b"\n.\r",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\n.\r\r\n",
]


BARE = re.compile(rb"(?<!\r)\n")


def dialogue(client: Wire, sender: str, recipient: str, content: bytes) -> list[bytes]:
    """A whole transaction; the answers after the end of the data, to the closing of the connection."""
    for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
        client.send(f"{command}\r\n".encode())
        (answer,) = client.reply()
        assert answer[:1] in b"23", answer
    client.send(content + b"\r\n.\r\nQUIT\r\n")
    return client.rest().splitlines()


@pytest.mark.parametrize("end", ENDS, ids=[repr(end) for end in ENDS])
@pytest.mark.parametrize("port", [25, 587])
def test_nothing_but_the_one_end_ends_a_message(lab: Lab, port: int, end: bytes) -> None:
    outer, hidden = clients.unique("outer"), clients.unique("hidden")
    inner = f"MAIL FROM:<{ADA}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\nSubject: {hidden}\r\n\r\nhidden".encode()
    sender = STRANGER if port == 25 else ADA
    with wire(PUBLIC_NAME, port) as client:
        client.reply()
        client.send(b"EHLO client.test\r\n")
        client.reply()
        if port == 587:
            client.send(b"STARTTLS\r\n")
            client.reply()
            client.start_tls(lab.tls)
            client.send(b"EHLO client.test\r\n")
            client.reply()
            secret = base64.b64encode(f"\0{ADA}\0{lab.password(ADA)}".encode())
            client.send(b"AUTH PLAIN " + secret + b"\r\n")
            assert client.reply()[0].startswith(b"235")
        answers = dialogue(client, sender, BOB, f"Subject: {outer}\r\n\r\ntext".encode() + end + inner)
    accepted = [line for line in answers if line.startswith(b"250")]
    assert len(accepted) <= 1, answers
    if BARE.search(end):  # never as the end, and never as text
        name = PUBLIC_NAME if port == 587 else lab.front.fqdn  # as the connector calls itself
        assert answers[0] == f"550 5.5.2 {name} Error: bare <LF> received".encode()
        assert accepted == []
    marker = clients.unique("after")
    clients.submit(lab, ADA, BOB, marker)
    with clients.imap(lab, BOB) as bob:
        clients.wait_for_message(bob, marker)
        assert clients.find(bob, hidden) == []
        assert len(clients.find(bob, outer)) == len(accepted)


# --- somebody else's address ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", ["XCLIENT ADDR=10.9.8.7", "XFORWARD ADDR=10.9.8.7", "PROXY TCP4 10.9.8.7 10.9.8.6 1 25"]
)
@pytest.mark.parametrize("port", [25, 587])
def test_a_stranger_does_not_say_where_he_comes_from_over_smtp(
    lab: Lab, outside: Outside, port: int, command: str
) -> None:
    answers = world.say(outside, lab.front.address, port, ["EHLO outside.test", command])
    assert answers[-1][0] >= 500
    assert not any(word in answers[1][1] for word in ("XCLIENT", "XFORWARD"))
    log = lab.front.run("journalctl -q -u postfix --since -60s -o cat")
    assert f"[{outside.address}]" in log
    assert "[10.9.8.7]" not in log


@pytest.mark.parametrize(("port", "first"), [(143, b"* OK"), (110, b"+OK")])
def test_a_stranger_does_not_say_where_he_comes_from_to_dovecot(lab: Lab, port: int, first: bytes) -> None:
    said = {
        143: b'a ID ("x-originating-ip" "10.9.8.7" "x-originating-port" "7" "x-proxy-ttl" "4")\r\nb LOGOUT\r\n',
        110: b"XCLIENT ADDR=10.9.8.7 PORT=7\r\nQUIT\r\n",
    }
    with wire(PUBLIC_NAME, port) as client:
        address = client.address
        assert client.line().startswith(first)
        client.send(said[port])
        client.rest()
    with wire(PUBLIC_NAME, port) as client:  # the same as a load balancer would: these ports speak no PROXY protocol
        client.send(b"PROXY TCP4 10.9.8.7 10.9.8.6 7 143\r\n" + said[port])
        client.rest()
    log = lab.front.run("journalctl -q -u dovecot --since -60s -o cat")
    assert f"rip={address}," in log
    assert "10.9.8.7" not in log
