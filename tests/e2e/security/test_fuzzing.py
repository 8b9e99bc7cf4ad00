"""Dialogues that nobody would have thought of: nobody gets in, nothing breaks, others are served.

``MAILPAIR_FUZZ=500`` tries so many at each port; otherwise it is a few.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.security.test_abuse import MOST, memory, others_are_served, say
from tests.e2e.support.clients import PUBLIC_NAME
from tests.e2e.support.wire import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Lab
    from tests.e2e.support.stack import Stack

EXAMPLES = int(os.environ.get("MAILPAIR_FUZZ", "15"))
IN = re.compile(rb"^(\S+ OK (\[[^]]*\] )?Logged in|\+OK Logged in|235)", re.MULTILINE)
CRASHES = "Panic: |Fatal: master: service.*killed|dumped core|terminated by signal|bad command startup"

IMAP = b"""
LOGIN|AUTHENTICATE PLAIN|AUTHENTICATE|STARTTLS|ID|NOOP|CAPABILITY|SELECT INBOX|IDLE|DONE|FETCH 1:* BODY[]|APPEND INBOX
ENABLE CONDSTORE|COMPRESS DEFLATE|UNAUTHENTICATE|LOGOUT
"""
POP = b"USER ada|PASS x|APOP ada 0|AUTH PLAIN|STLS|CAPA|STAT|RETR 1|XCLIENT|TOP 1 0|UTF8|LANG"
SMTP = b"""
EHLO x|HELO x|MAIL FROM:<>|RCPT TO:<ada@contoso.test>|DATA|BDAT 5 LAST|RSET|STARTTLS|AUTH PLAIN|AUTH LOGIN|VRFY ada
XCLIENT ADDR=127.0.0.1|XFORWARD NAME=x|NOOP|.|PROXY TCP4
"""
PIECES = b"""
{5}|{5+}|{0}|{4294967296}|~{3}|"|\\|(|)|()|[|]|*|%|=|+|NIL|SMTPUTF8|BODY=8BITMIME|SIZE=99999999999999999999|\x00
ada@contoso.test|AGFkYQB3cm9uZw==
"""


NAMES = ("IMAP", "POP3", "SMTP", "submission", "IMAP over TLS", "POP3 over TLS")


def listed(words: bytes) -> list[bytes]:
    """The words of a table."""
    return [word for word in words.replace(b"\n", b"|").split(b"|") if word]


def lines(words: bytes) -> st.SearchStrategy[bytes]:
    """Lines of a protocol's words, of pieces that mean something, and of whatever else."""
    piece = st.one_of(st.sampled_from(listed(PIECES)), st.binary(max_size=40), st.integers().map(lambda n: b"%d" % n))
    end = st.sampled_from([b"\r\n"] * 6 + [b"\n", b"\r", b"", b"\r\n.\r\n", b"\n.\n"])
    tag = st.sampled_from([b"a ", b"", b"* ", b"+ ", b"\xff "])
    return st.builds(
        lambda tag, word, rest, end: tag + b" ".join([word, *rest]) + end,
        tag,
        st.sampled_from(listed(words)),
        st.lists(piece, max_size=4),
        end,
    )


def dialogues(words: bytes) -> st.SearchStrategy[list[bytes]]:
    """What one client says, line by line."""
    return st.lists(lines(words), min_size=1, max_size=8)


@pytest.fixture(scope="module", autouse=True)
def nothing_breaks(lab: Lab, stack: Stack) -> Iterator[None]:
    """After all of it no process has crashed, none has grown, and others are served."""
    stack.settle()
    since = lab.front.run("date +%s").strip()
    yield
    journal = f"journalctl --quiet --since=@{since} --output=cat --grep='{CRASHES}'"
    assert lab.front.run(journal, check=False) == ""
    assert memory(lab) < MOST
    others_are_served(lab)


@pytest.mark.parametrize(
    ("port", "words"), [(143, IMAP), (110, POP), (25, SMTP), (587, SMTP), (993, IMAP), (995, POP)], ids=NAMES
)
def test_nobody_gets_in_by_chance(lab: Lab, port: int, words: bytes) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck], database=None)
    @given(dialogues(words))
    def converse(dialogue: list[bytes]) -> None:
        with wire(PUBLIC_NAME, port) as client:
            if port in (993, 995):
                client.start_tls(lab.tls)
            client.line()
            for line in dialogue:
                say(client, line)
            client.no_more()
            said = client.rest()
        assert not IN.search(said)
        assert b"Good morning" not in said  # of anybody's mail
        assert port == 25 or b"Ok: queued" not in said  # where others' servers bring mail it may be taken

    converse()
