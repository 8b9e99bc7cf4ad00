"""The verbs that touch no host."""

from __future__ import annotations

import getpass
import io
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from mailpair.__main__ import main
from mailpair.applied import Applied, remember
from mailpair.passwords import is_current
from mailpair.plan import plan
from mailpair.publish.dns import records
from mailpair.publish.printed import PrintingError
from mailpair.publish.record_sets import Question, Seen, questions, record_sets
from mailpair.resolver import NameServer
from mailpair.servers import Role, Server
from mailpair.settings.pages import PAGES
from mailpair.site import load, load_written
from mailpair.state import SiteState

ADA = "ada@contoso.test"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.yml").write_text("mailpair_site: {accepted_domains: [contoso.test]}\n")
    (tmp_path / "mailboxes.yml").write_text(
        "mailpair_mailboxes:\n  ada@contoso.test: {server: back1, kind: administrator}\n"
    )
    return tmp_path


class Terminal(io.StringIO):
    """Standard input that a person sits at."""

    def isatty(self) -> bool:
        return True


NEVER = "Nothing was applied from here yet: a run configures every server.\n"
SERVERS = (
    Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",)),
    Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",)),
)


def test_a_right_site_is_in_order(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--site", str(site)]) == 0
    assert capsys.readouterr() == (f"{site}: in order; contoso.test, 1 mailbox\n{NEVER}", "")


def test_an_inventory_stands_for_its_site_and_must_fit(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inventory = site / "hosts.yml"
    inventory.write_text("all: {children: {client_access: {hosts: {front1: }}, mailbox: {hosts: {back2: }}}}\n")
    assert main(["check", "--site", str(inventory)]) == 1
    assert capsys.readouterr() == (
        "",
        (
            "mailboxes[ada@contoso.test].server: 'back1': must be a mailbox server; "
            "the inventory's group mailbox has back2\n"
        ),
    )


def test_what_a_run_would_change_is_said_of_the_servers_of_the_last_run(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = load_written(site)
    for server in SERVERS:
        applied = Applied(before.settings, SERVERS, plan(before.site, SERVERS, server))
        remember(SiteState(site), server.name, applied)
    (site / "site.yml").write_text(
        "mailpair_site: {accepted_domains: [contoso.test], imap_settings: {banner: Welcome.}}\n"
    )
    # An inventory for other servers than those of a stack.
    (site / "hosts.yml").write_text("all: {children: {client_access: {hosts: {a: }}, mailbox: {hosts: {b: }}}}\n")
    assert main(["check", "--site", str(site)]) == 0
    assert capsys.readouterr() == (
        (
            f"{site}: in order; contoso.test, 1 mailbox\n"
            "Settings that differ from what was last applied to back1 and front1:\n"
            "  imap_settings.banner: The IMAP4 service is ready. -> Welcome.\n"
        ),
        "",
    )


def test_a_record_that_is_none_is_told(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SiteState(site).remember("front1", "{")
    assert main(["check", "--site", str(site)]) == 1
    assert capsys.readouterr().err.startswith("the record of what was last applied to front1 can't be read; ")


def test_everything_that_is_wrong_is_said(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "site.yml").write_text("mailpair_site: {accepted_domains: [contoso.test], version: 2, versoin: 1}\n")
    assert main(["check", "--site", str(site)]) == 1
    assert capsys.readouterr() == (
        "",
        "version: 2: must be 1\nversoin: 'versoin': is no setting here; did you mean version?\n",
    )


def test_a_password_comes_from_standard_input(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\nmore\n"))
    assert main(["password", "Ada@Contoso.test", "--site", str(site)]) == 0
    assert capsys.readouterr() == (
        f"{ADA}: the password is set; the next run of the playbook brings it to the front ends\n",
        "",
    )
    assert is_current(SiteState(site).password_hash(ADA), "correct horse")


def typed(monkeypatch: pytest.MonkeyPatch, answers: Iterator[str]) -> None:
    def ask(_: str) -> str:
        answer = next(answers)
        if answer == "\x04":
            raise EOFError
        return answer

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", ask)


def test_a_password_is_typed_twice(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, iter(["correct horse", "correct horse"]))
    assert main(["password", ADA, "--site", str(site)]) == 0
    assert is_current(SiteState(site).password_hash(ADA), "correct horse")


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        (["one", "two"], "the two passwords are not the same; nothing was changed\n"),
        (["", ""], f"the password of {ADA} must be one line that is not empty, without control characters\n"),
        (["one", "\x04"], "\nnothing was changed\n"),
    ],
)
def test_a_password_that_is_not_one_changes_nothing(
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers: list[str],
    problem: str,
) -> None:
    typed(monkeypatch, iter(answers))
    assert main(["password", ADA, "--site", str(site)]) == 1
    assert capsys.readouterr() == ("", problem)
    assert not (site / "private" / "hashes").exists()


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        (
            "bob@contoso.test",
            "bob@contoso.test: there is no such mailbox in {site}/mailboxes.yml; add it there first\n",
        ),
        ("bob", "'bob': must be an address, such as ada@contoso.com\n"),
    ],
)
def test_a_password_is_for_a_mailbox(
    site: Path, capsys: pytest.CaptureFixture[str], address: str, problem: str
) -> None:
    assert main(["password", address, "--site", str(site)]) == 1
    assert capsys.readouterr().err == problem.format(site=site)


def test_pages_about_settings_are_written(tmp_path: Path) -> None:
    assert main(["document", str(tmp_path)]) == 0
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == set(PAGES)


@pytest.mark.parametrize("arguments", [[], ["check"], ["password", ADA], ["chek", "--site", "."]])
def test_a_slip_in_the_command_is_answered_with_its_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: python -m mailpair")


def test_it_is_a_command_without_tracebacks(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mailpair", "check", "--site", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    rule = "no such file or directory: must be a readable file; write it, or name the folder that has it"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"mailboxes.yml: {rule}\nsite.yml: {rule}\n"


def test_a_ca_is_followed_by_another_and_kept(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--site", str(site)]
    certificate = SiteState(site).ca_certificate
    assert main(["authority", "begin", *where]) == 0
    rest = "run the playbook, give clients this file, and end the old one once all have it"
    assert capsys.readouterr() == (f"{certificate}: a new CA is there beside the old one; {rest}\n", "")
    assert certificate.read_text().count("BEGIN") == 2
    assert main(["authority", "end", *where]) == 0
    rest = "the next run of the playbook tells all servers"
    assert capsys.readouterr() == (f"{certificate}: the old CA has ended; {rest}\n", "")
    assert main(["authority", "backup", *where]) == 1
    assert capsys.readouterr() == ("", "authority backup: name the backup's file\n")
    assert main(["authority", "backup", str(site / "kept"), *where]) == 0
    assert (site / "kept").exists()


@pytest.fixture
def published(site: Path) -> Path:
    (site / "site.yml").write_text(
        "mailpair_site:\n"
        "  accepted_domains: [contoso.test]\n"
        "  services: {imap4: {front_end: true, back_end: true}}\n"
        "  imap_settings: {external_connection_settings: ['mail.contoso.test:993:SSL']}\n"
    )
    (site / "mailboxes.yml").write_text(
        "mailpair_mailboxes:\n"
        "  ada@contoso.test: {server: back1}\n"
        "  root@contoso.test: {server: back1, kind: administrator}\n"
    )
    return site


def test_settings_are_told_to_a_person_and_to_a_script(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--site", str(published), ADA]) == 0
    assert "  IMAP  mail.contoso.test  port 993    TLS from the first byte (SSL)\n" in capsys.readouterr().out
    assert main(["settings", "--site", str(published), ADA, "--json"]) == 0
    imap = [{"server": "mail.contoso.test", "port": 993, "encryption": "SSL"}]
    assert json.loads(capsys.readouterr().out)["outside"]["imap"] == imap


@pytest.mark.parametrize("verb", ["settings", "profile", "handout"])
def test_nothing_is_told_of_a_mailbox_that_is_not_there(
    published: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, "--site", str(published), "eve@contoso.test"]) == 1
    rule = f"there is no such mailbox in {published / 'mailboxes.yml'}; add it there first"
    assert capsys.readouterr() == ("", f"eve@contoso.test: {rule}\n")


def test_there_is_no_profile_without_a_way_to_send(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "--site", str(published), ADA]) == 1
    assert capsys.readouterr().err == f"{ADA}: its owner is told of no way to read over IMAP and to send\n"


def test_a_page_is_in_the_language_that_is_asked_for(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handout", "--site", str(published), ADA, "--language", "zh-TW"]) == 0
    assert '<html lang="zh-TW">' in capsys.readouterr().out


def test_a_page_is_written_as_pdf(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = published / "ada.pdf"
    where = ["handout", "--site", str(published), ADA, "--language", "zh-TW", "--pdf"]
    assert main([*where, str(file)]) == 0
    assert capsys.readouterr() == (f"{file}: the page of {ADA} is written\n", "")
    assert file.read_bytes().startswith(b"%PDF-")
    assert main([*where, str(published)]) == 1
    rule = "Is a directory: must be a file that can be written; name another"
    assert capsys.readouterr() == ("", f"{published}: {rule}\n")


def test_a_file_stays_as_it_was_without_what_a_pdf_needs(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pdf(page: str) -> bytes:
        raise PrintingError("what is wrong: the remedy")

    monkeypatch.setattr("mailpair.telling.pdf", pdf)
    file = published / "ada.pdf"
    file.write_bytes(b"former")
    assert main(["handout", "--site", str(published), ADA, "--pdf", str(file)]) == 1
    assert capsys.readouterr() == ("", f"{file}: what is wrong: the remedy\n")
    assert file.read_bytes() == b"former"


def test_records_are_lines_of_a_zone_file(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dns", "--site", str(published)]) == 0
    said = capsys.readouterr().out
    assert "_imaps._tcp.contoso.test. IN SRV 0 1 993 mail.contoso.test.\n" in said
    assert "make dkim" not in said
    with (published / "site.yml").open("a") as document:
        document.write("  dkim_signing_configs: {contoso.test: {}}\n")
    assert main(["dns", "--site", str(published)]) == 0
    assert "`make dkim` prints their records\n" in capsys.readouterr().out


@pytest.fixture
def answered(published: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Question, Seen]:
    """DNS as the site needs it; a test changes it."""
    sets = record_sets(records(load(published), ()))
    seen: dict[Question, Seen] = {each: Seen() for each in questions(sets)}
    seen |= {(each.name, each.type): Seen(each.data) for each in sets}

    def look(asked: Iterable[Question], server: NameServer | None) -> dict[Question, Seen]:
        assert server == NameServer("192.0.2.1", 5353)
        return {each: seen[each] for each in asked}

    monkeypatch.setattr("mailpair.telling.look", look)
    return seen


def check_dns(site: Path, *more: str) -> int:
    return main(["dns", "--site", str(site), "--check", "--server", "192.0.2.1:5353", *more])


def test_dns_is_compared_with_the_site(
    published: Path, answered: dict[Question, Seen], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_dns(published) == 0
    assert capsys.readouterr() == (f"{published}: DNS is as the site needs it; {len(answered)} records\n", "")
    answered["contoso.test.", "TXT"] = Seen()
    answered["_imaps._tcp.contoso.test.", "SRV"] = Seen(("0 0 0 .",))
    with (published / "site.yml").open("a") as document:
        document.write("  dkim_signing_configs: {contoso.test: {}}\n")
    assert check_dns(published) == 1
    assert capsys.readouterr() == (
        (
            "contoso.test TXT: missing: must be v=spf1 -all\n"
            "_imaps._tcp.contoso.test SRV: 0 0 0 .: must be 0 1 993 mail.contoso.test.\n"
            "not looked at: the keys of signatures, which front ends make; `make dkim` prints their records\n"
        ),
        "",
    )
    assert check_dns(published, "--leave-out", "contoso.test TXT", "_imaps._tcp.contoso.test SRV") == 0


def test_what_cannot_be_asked_or_left_out_is_told(
    published: Path, answered: dict[Question, Seen], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_dns(published, "--leave-out", "contoso.test CNAME") == 1
    assert capsys.readouterr().err.startswith("--leave-out[0]: 'contoso.test CNAME': must be a name and a type that ")
    assert check_dns(published, "--server", "ns1.contoso.test") == 1
    assert capsys.readouterr().err.startswith("--server: 'ns1.contoso.test': must be an IP address, ")
