"""What is refused before Postfix would change it, and that all the rest passes as it is."""

from __future__ import annotations

import importlib.util
import io
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[3] / "roles/receive_connector/files/inspect_mail.py"
FIELD = 100
OWN = frozenset({b"front1.contoso.test"})
TRACE = b"Received: from client.test ([192.0.2.1])\r\n\tby mail.contoso.test with ESMTP\r\n"
REFUSED = "554 5.6.0 refused, since it could not be delivered as it is: "


@pytest.fixture(scope="module")
def inspect() -> Any:
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("inspect_mail", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def limits(inspect: Any, header: int = 10000, hops: int = 99, local_hops: int = 0, size: int = 10000) -> Any:
    """What serve() is told of a connector and of the site."""
    leaving = inspect.Outgoing(frozenset({"contoso.test"}), {"*": 50, "*.litware.test": 0, "fabrikam.test": 60})
    return inspect.Limits(FIELD, header, hops, local_hops, size, own_names=OWN), leaving


def session(inspect: Any, message: bytes) -> tuple[str, bytes]:
    """The last answer to the sender, and what the server that queues was told after DATA."""
    commands = b"EHLO mail.contoso.test\r\nDATA\r\n" + TRACE + message + b".\r\nQUIT\r\n"
    replies = b"220 hello\r\n250-one\r\n250 two\r\n354 go on\r\n250 2.0.0 queued\r\n"
    answers, told = io.BytesIO(), io.BytesIO()
    inspect.serve(io.BytesIO(commands), answers, io.BytesIO(replies), told, *limits(inspect))
    return answers.getvalue().decode().splitlines()[-1], told.getvalue().partition(b"DATA\r\n")[2]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\r\n",
        b"Subject: x\r\n\r\ntext\r\n",
        b"Subject: x\r\n",
        b"Subject:\r\n folded\r\n\t \r\n\r\ntext\r\n",
        b"X-Odd!#$%&'*+/=?^_`{|}~: 1\r\n\r\n",
        b"Subject: \xe5\x85\xab\r\n\r\n\xff\xfe\r\n",
        b"Subject: x\r\n\r\n" + b"y" * 5000 + b"\r\n",
        b"Subject: x\r\n\r\n..leading dot\r\nFrom here\r\nno: field \r\n text\r\n",
        b"\r\nno header at all\r\n",
        b"Received: an older hop\r\n\r\n",
        b"Subject: x\r\nX-Mailbox-Line: From ada Mon May  2\r\n\r\n",
        b"X-Mailbox-Line: of somebody\r\n\r\n",
    ],
)
def test_a_message_passes_as_it_is(inspect: Any, message: bytes) -> None:
    assert session(inspect, message) == ("250 2.0.0 queued", TRACE + message + b".\r\nQUIT\r\n")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (
            b"X-Mailbox-Line: From ada@contoso.test Mon May  2 2005\r\nSubject: x\r\n\r\n",
            "line 1 is the From line of a mailbox file, not a header field",
        ),
        (
            b"X-Mailbox-Line: >From ada@contoso.test Mon May  2 2005\r\n\r\n",
            "line 1 is the From line of a mailbox file, not a header field",
        ),
        (
            b"X-Mailbox-Line: From : ada\r\n\r\n",
            "line 1 has a blank between the name of a header field and its colon",
        ),
        (b"A: 1\r\nTo  : ada\r\n\r\n", "line 2 has a blank between the name of a header field and its colon"),
        (b"A: 1\r\nno field\r\n", "line 2 is not a header field, and no empty line before it ends the header"),
        (b": 1\r\n", "line 1 is not a header field, and no empty line before it ends the header"),
        (b"\xc3\xa9: 1\r\n", "line 1 is not a header field, and no empty line before it ends the header"),
        (b"A: " + b"x" * 200 + b"\r\n\r\n", "the header field in line 1 is larger than 100 bytes"),
        (
            b"A: 1\r\n" + b" x" * 30 + b"\r\n" + b" y" * 30 + b"\r\n",
            "the header field in line 3 is larger than 100 bytes",
        ),
        (b"A: 1\r\n\r\nzero \0\r\n", "line 3 has a NUL byte"),
        (b"A: \0\r\n", "line 1 has a NUL byte"),
        (b"A: 1\r\n\r\nlone\rCR\r\n", "line 3 has a CR that no LF follows"),
        (b"A: 1\r\n\r\ntwo\r\r\n", "line 3 has a CR that no LF follows"),
        (b"\r\n folded\r\n", "it begins with a folded line that continues no header field"),
    ],
)
def test_what_would_be_changed_is_refused(inspect: Any, message: bytes, fault: str) -> None:
    answer, told = session(inspect, message)
    assert answer == REFUSED + fault
    assert b"\r\n.\r\n" not in told


def test_the_queue_refuses_for_reasons_of_its_own(inspect: Any) -> None:
    answers, told = io.BytesIO(), io.BytesIO()
    replies = b"220 hello\r\n452 4.3.1 no space\r\n"
    inspect.serve(io.BytesIO(b"DATA\r\nQUIT\r\n"), answers, io.BytesIO(replies), told, *limits(inspect))
    assert (answers.getvalue(), told.getvalue()) == (replies, b"DATA\r\nQUIT\r\n")


def test_a_message_that_breaks_off_is_not_queued(inspect: Any) -> None:
    told = io.BytesIO()
    commands = b"DATA\r\n" + TRACE + b"Subject: x\r\n"
    replies = io.BytesIO(b"220 hello\r\n354 go on\r\n")
    inspect.serve(io.BytesIO(commands), io.BytesIO(), replies, told, *limits(inspect))
    assert told.getvalue() == commands


HOP = b"Received: from a.test by front1.contoso.test; Mon, 2 May 2005 00:00:00 +0000\r\n"
OTHER_HOP = b"Received: from a.test\r\n\tby mail.fabrikam.test (front1.contoso.test)\r\n"
REST = b"\r\ntext\r\n"


@pytest.mark.parametrize(
    ("given", "message", "refusal"),
    [
        ({"header": 19}, b"Subject: 901234567\r\n" + REST, "552 5.3.4 the header is larger than 19 bytes"),
        ({"header": 20}, b"Subject: 901234567\r\n" + REST, ""),
        ({"header": 20}, b"Subject: x\r\n\r\n" + b"text\r\n" * 9, ""),
        ({"hops": 1}, HOP * 2 + REST, "554 5.4.6 it has passed more than 1 servers"),
        ({"hops": 2}, HOP + OTHER_HOP + REST, ""),
        ({"local_hops": 1}, HOP * 2 + REST, "554 5.4.6 it has passed servers of this site more than 1 times"),
        ({"local_hops": 1}, HOP + OTHER_HOP + REST, ""),
        ({"local_hops": 0}, HOP * 3 + REST, ""),
        ({"size": 30}, b"A: 1\r\n\r\n" + b"x" * 30 + b"\r\n", "552 5.3.4 it is larger than 30 bytes"),
        ({"size": 40}, b"A: 1\r\n\r\n" + b"x" * 30 + b"\r\n", ""),
    ],
)
def test_what_is_more_than_a_connector_takes_is_refused(
    inspect: Any, given: dict[str, int], message: bytes, refusal: str
) -> None:
    judged = inspect.Message(limits(inspect, **given)[0])
    for line in (TRACE + message).splitlines(keepends=True):
        judged.look(line)
    assert judged.refusal == refusal


@pytest.mark.parametrize(
    ("recipient", "limit"),
    [
        ("<ada@contoso.test", 0),
        ("<a@FABRIKAM.test", 60),
        ("<a@mail.fabrikam.test", 50),
        ("<a@litware.test", 50),
        ("<a@deep.mail.litware.test", 0),
        ("<postmaster", 50),
    ],
)
def test_how_large_a_message_may_leave(inspect: Any, recipient: str, limit: int) -> None:
    assert limits(inspect)[1].limit(recipient) == limit


@pytest.mark.parametrize(
    ("recipients", "leaves"), [((b"a@litware.test", b"b@fabrikam.test"), False), ((b"ada@contoso.test",), True)]
)
def test_the_smallest_limit_of_all_recipients_holds(inspect: Any, recipients: tuple[bytes, ...], leaves: bool) -> None:
    rcpt = b"".join(b"RCPT TO:<%b>\r\n" % each for each in recipients)
    commands = rcpt + b"DATA\r\n" + TRACE + b"Subject: x\r\n\r\n" + b"x" * 60 + b"\r\n.\r\nQUIT\r\n"
    replies = b"220 hello\r\n" + b"250 ok\r\n" * len(recipients) + b"354 go on\r\n250 2.0.0 queued\r\n"
    answers = io.BytesIO()
    inspect.serve(io.BytesIO(commands), answers, io.BytesIO(replies), io.BytesIO(), *limits(inspect))
    refused = "552 5.3.4 it is larger than 50 bytes, and no larger message leaves this site"
    assert answers.getvalue().decode().splitlines()[-1] == ("250 2.0.0 queued" if leaves else refused)


def test_the_site_is_read_from_a_file(inspect: Any, tmp_path: Path) -> None:
    file = tmp_path / "inspection"
    file.write_text("# written by a role\nown front1.contoso.test\nin contoso.test\nout * 50\n\n")
    own_names, outgoing = inspect.read_site(str(file))
    assert own_names == OWN
    assert (outgoing.limit("<a@contoso.test"), outgoing.limit("<a@b.test")) == (0, 50)


def test_it_stands_between_two_servers(tmp_path: Path) -> None:
    site, path = tmp_path / "site", tmp_path / "queue"
    site.write_text("own front1.contoso.test\n")
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor(1) as pool:
        server.bind(str(path))
        server.listen()
        server.settimeout(30)

        def queue() -> bytes:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as commands:
                connection.sendall(b"220 hello\r\n")
                heard = commands.readline()
                connection.sendall(b"250 go on\r\n")
                return heard + commands.readline() + commands.readline()

        queued = pool.submit(queue)
        command = [sys.executable, "-I", "-S", str(PROGRAM), str(path), str(site), "100", "10000", "99", "0", "10000"]
        done = subprocess.run(command, input=b"EHLO client\r\nQUIT\r\n", capture_output=True, timeout=30, check=False)
        assert (done.stderr, done.stdout) == (b"", b"220 hello\r\n250 go on\r\n")
        assert queued.result() == b"EHLO client\r\nQUIT\r\n"


def test_it_imports_little_since_it_starts_for_each_message() -> None:
    program = (
        "import sys; known = set(sys.modules); "
        f"exec(compile(open({str(PROGRAM)!r}).read(), 'inspect_mail', 'exec'), {{'__name__': 'inspect_mail'}}); "
        "print(*sorted(set(sys.modules) - known))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["__future__", "_socket"]
