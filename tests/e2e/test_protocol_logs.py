"""Protocol logs of POP3 and IMAP4: sign-ins on the front end, commands on the back end, and no secrets on either."""

from __future__ import annotations

import imaplib
import poplib
import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import clients
from tests.e2e.support.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.support.lab import Host, Lab
    from tests.e2e.support.stack import Stack

ADA, BOB, CAROL = "ada@contoso.test", "bob@contoso.test", "carol@contoso.test"
WRONG = "not-my-pa55word"
CONTENT = "nobody-elses-business"
POP_LOG = "/var/log/mailpair/pop-protocol"
IMAP_LOG = "/var/log/mailpair/imap4"
SITE = {
    "imap_settings": {"protocol_log_enabled": True},
    "pop_settings": {
        "protocol_log_enabled": True,
        "log_file_location": POP_LOG,
        "log_file_roll_over_settings": "Hourly",
        "log_per_file_size_quota": "2 KB",
    },
}


@pytest.fixture(scope="module")
def logged(lab: Lab, stack: Stack) -> Iterator[Lab]:
    """The pair with protocol logs; the documents and hosts are put back as they were, and then there are none.

    Whoever was held in IDLE before is not lost.
    """
    with clients.imap(lab, BOB) as waiting:

        def turn_on() -> None:
            until(lambda: "imap-hibernate" in lab.back.run(f"doveadm who {BOB}"), "the session is held")
            stack.edit({"mailpair_site": SITE})
            stack.up()
            clients.submit(lab, ADA, BOB, clients.unique("held"))

        clients.idle(waiting, turn_on, rb"^\* \d+ EXISTS")
    yield lab
    stack.restore()
    stack.up()
    with clients.imap(lab, CAROL) as client:
        client.status("unheard-of", "(MESSAGES)")
    for host in lab.hosts:
        assert host.run("grep -rF unheard-of /var/log/mailpair || true") == "", host.name


def log_lines(host: Host, folder: str) -> list[list[str]]:
    """The cells of all lines of a protocol log, oldest file first."""
    text = host.run(f"cat $(ls --sort=version {folder}/*.log)", check=False)
    return [line.split(",") for line in text.splitlines() if not line.startswith("#")]


def session(host: Host, folder: str, user: str) -> list[str]:
    """What the last session of a user did, in the log's words."""
    lines = log_lines(host, folder)
    last = [line[2] for line in lines if line[8].startswith(user)][-1:]
    return [f"{line[6]} {line[7]}".strip() for line in lines if [line[2]] == last]


def test_a_front_end_tells_of_sign_ins_and_of_no_password(logged: Lab) -> None:
    with clients.connect_imap(logged) as client:
        with pytest.raises(imaplib.IMAP4.error):
            client.login(CAROL, WRONG)
        client.login(CAROL, logged.password(CAROL))
        client.logout()
    with clients.connect_pop(logged) as pop:
        pop.user(BOB)
        pop.pass_(logged.password(BOB))
        pop.quit()

    begin, right = "+", ["< AUTHENTICATE PLAIN", "> OK"]
    wrong = ["< AUTHENTICATE PLAIN", "> NO"]
    imap, pop3 = [begin, *wrong, *right, "*", "-"], [begin, *right, "*", "-"]
    until(lambda: session(logged.front, IMAP_LOG, CAROL) == imap, "the IMAP session's lines")
    until(lambda: session(logged.front, POP_LOG, BOB) == pop3, "the POP session's lines")


def test_a_back_end_tells_of_commands_and_of_no_content(logged: Lab) -> None:
    subject = clients.unique("logged")
    with clients.imap(logged, CAROL) as client:
        clients.ok(client.append("INBOX", "", "", f"Subject: {subject}\r\n\r\n{CONTENT}\r\n".encode()))
        number = clients.wait_for_message(client, subject)
        clients.fetch(client, number)
        clients.ok(client.store(number, "+FLAGS", r"(\Deleted)"))
        clients.idle(client, lambda: clients.submit(logged, ADA, CAROL, subject, "more\r\n"), rb"^\* \d+ EXISTS")
        client.send(b"x LOGIN carol " + logged.password(CAROL).encode() + b"\r\n")  # too late
        until(lambda: client.readline().startswith(b"x BAD"), "its refusal")

    until(lambda: session(logged.back, IMAP_LOG, CAROL)[-1:] == ["-"], "the end of the IMAP session")
    said = session(logged.back, IMAP_LOG, CAROL)
    assert said[:3] == ["+", "< SELECT INBOX", "> OK [READ-WRITE] Select completed"]
    assert said[said.index("< IDLE") + 1] == "> OK Idle completed."
    assert logged.back.run("doveconf -h imap_hibernate_timeout").strip() == "0"  # whoever is held is not in the log
    wanted = {f"< FETCH {number} (BODY.PEEK[])", rf"< STORE {number} +FLAGS (\Deleted)", "< unknown", "< LOGOUT"}
    assert wanted <= {*said}
    assert any(re.fullmatch(r"< APPEND INBOX <\d+ byte literal>", line) for line in said)

    clients.submit(logged, ADA, BOB, subject, f"{CONTENT}\r\n")
    clients.pop_wait(logged, BOB, subject)
    with clients.connect_pop(logged) as pop:
        pop.user(BOB)
        pop.pass_(logged.password(BOB))
        last = pop.stat()[0]
        pop.retr(last)
        with pytest.raises(poplib.error_proto):
            pop.pass_(logged.password(BOB))  # too late
        pop.quit()
    pop_said = ["+", "< STAT", "> OK", f"< RETR {last}", "> OK", "< unknown", "> ERR", "< QUIT", "> OK", "-"]
    until(lambda: session(logged.back, POP_LOG, BOB) == pop_said, "the POP session's lines")


def test_a_session_is_known_by_its_name_on_both_ends(logged: Lab) -> None:
    """POP3's commands do not tell it; the end of their session does."""
    with clients.imap(logged, ADA), clients.pop(logged, ADA) as pop:
        pop.stat()

    def names(host: Host, folder: str) -> str:
        return "\n".join(",".join(line) for line in log_lines(host, folder))

    for folder in (IMAP_LOG, POP_LOG):
        (name,) = {line[2] for line in log_lines(logged.front, folder)[-1:]}
        until(lambda: name in names(logged.back, folder), f"{name} in {folder} of the back end")  # noqa: B023


def test_no_log_has_a_secret(logged: Lab) -> None:
    for host in logged.hosts:
        for secret in (WRONG, CONTENT, *(logged.password(address) for address in (ADA, BOB, CAROL))):
            found = host.run(
                "grep --recursive --files-with-matches --fixed-strings --file=- /var/log /run/mailpair* || true",
                stdin=secret,
            )
            assert found == "", host.name


@pytest.mark.parametrize("end", ["front", "back"])
def test_a_log_begins_new_files_at_its_size_and_in_its_folder(logged: Lab, end: str) -> None:
    host = logged.front if end == "front" else logged.back
    for _ in range(8):
        with clients.pop(logged, ADA) as client:
            client.stat()
    until(lambda: host.run(f"ls {POP_LOG}").count("-2.log"), "a second file")
    names = host.run(f"ls {POP_LOG}").split()
    assert all(re.fullmatch(r"POP3\d{10}-\d+\.log", name) for name in names)  # year, month, day and hour
    sizes = host.run(f"stat --format=%s {POP_LOG}/*").split()
    assert max(map(int, sizes)) <= 2048
    assert host.run(f"stat --format=%a {POP_LOG}").strip() == "750"
