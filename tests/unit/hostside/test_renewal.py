"""What renews a host's certificates: when, from where, in one step, and what is told of it."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hostside.renewal import due, openssl, pairs, probe, renew, services, signing
from hostside.renewal.configuration import Certificate, Configuration, Probe
from hostside.renewal.metrics import Findings, text
from hostside.renewal.source import KEY
from hostside.renewal.sources import SOURCES, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = 86400.0
NAME = "mail.contoso.test"


@pytest.fixture
def known(tmp_path: Path) -> Configuration:
    """A host with a CA for one name, and a certificate to have."""
    tls = tmp_path / "tls"
    tls.mkdir()
    openssl.make_key(tls / "ca.key", "ecdsa")
    wanted = signing.Wanted("front1", signing.authority_extensions([NAME], "server"), 730)
    (tls / "ca.pem").write_text(signing.sign(wanted, tls / "ca.key", None, tls / "ca.key"))
    options = {"ca_certificate": str(tls / "ca.pem"), "ca_key": str(tls / "ca.key")}
    server = Certificate(
        "server", "private", tls / "server.pem", tls / "server.key", (NAME,), probes=(Probe("::1", 993, NAME),)
    )
    return Configuration(
        directory=tls,
        roots=tls / "roots.pem",
        peers=tls / "peers.pem",
        metrics=tmp_path / "metrics" / "file.prom",
        lock=tmp_path / "lock",
        authorities=(),
        certificates=(replace(server, options=options, services=("dovecot",)),),
        reloads={"dovecot": (("true",),)},
    )


def leaf(known: Configuration) -> str:
    return openssl.certificates(known.certificates[0].certificate.read_text())[0]


def test_a_certificate_is_made_and_then_left_alone(known: Configuration) -> None:
    assert renew.issue(known) == renew.Issued({"server": "it is missing"}, {})
    facts = openssl.facts(leaf(known))
    assert (set(facts.names), set(facts.usages), facts.algorithm) == ({NAME}, {"server"}, "ecdsa")
    assert 29.9 * DAY < facts.end - time.time() <= 30 * DAY
    assert facts.start < time.time() - 3500  # clocks that run late
    assert known.certificates[0].key.stat().st_mode & 0o777 == 0o600
    assert renew.issue(known) == renew.Issued({}, {})
    assert renew.issue(known, ["server"]) == renew.Issued({"server": "it was asked for"}, {})
    assert openssl.facts(leaf(known)).fingerprint != facts.fingerprint


def test_an_rsa_key_is_made_where_that_is_asked_for(known: Configuration) -> None:
    rsa = replace(known.certificates[0], algorithm="rsa-2048")
    assert renew.issue(replace(known, certificates=(rsa,))).failed == {}
    assert openssl.facts(leaf(known)).algorithm == "rsa-2048"
    assert due.reason(known.certificates[0], time.time()) == "its key is of another kind"


def test_a_third_of_its_life_is_enough(known: Configuration) -> None:
    renew.issue(known)
    facts = openssl.facts(leaf(known))
    life = facts.end - facts.start
    reasons = [due.reason(known.certificates[0], facts.start + part * life) for part in (0.6, 0.7, 1.0)]
    assert reasons == [None, "less than a third of its life is left", "it has expired"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda each: replace(each, names=(NAME, f"pop.{NAME}")), "its names changed"),
        (lambda each: replace(each, usage="client"), "it is for another use"),
        (lambda each: each.key.write_text("nonsense") and each, "its key can't be read"),
        (lambda each: each.certificate.write_text(each.certificate.read_text()[:300]) and each, "it can't be read"),
        (
            lambda each: each.key.write_text((each.key.parent / "ca.key").read_text()) and each,
            "it belongs to another key",
        ),
    ],
)
def test_what_is_wrong_is_renewed(
    known: Configuration, change: Callable[[Certificate], Certificate], reason: str
) -> None:
    renew.issue(known)
    assert due.reason(change(known.certificates[0]), time.time()) == reason


def test_a_ca_of_a_host_makes_nothing_for_others(known: Configuration, tmp_path: Path) -> None:
    """Whatever the host asks of its own CA, nobody believes it."""
    authority = known.directory / "ca.pem"
    openssl.make_key(tmp_path / "key", "ecdsa")

    def made(extensions: tuple[str, ...]) -> str:
        wanted = signing.Wanted("another", extensions, 30)
        return signing.sign(wanted, tmp_path / "key", authority, known.directory / "ca.key")

    right = made(signing.leaf_extensions([NAME], "server", "ecdsa"))
    assert openssl.issued_by(right, authority, "server")
    assert not openssl.issued_by(right, authority, "client")
    for name in ("mail.fabrikam.test", "contoso.test", "*.contoso.test"):
        assert not openssl.issued_by(made(signing.leaf_extensions([name], "server", "ecdsa")), authority, "server")
    assert not openssl.issued_by(made(signing.leaf_extensions([NAME], "client", "ecdsa")), authority, "client")
    addresses = (*signing.leaf_extensions([NAME], "server", "ecdsa")[:3], "subjectAltName = IP:192.0.2.1")
    assert not openssl.issued_by(made(addresses), authority, "server")
    # A CA below it.
    (tmp_path / "below.pem").write_text(made(signing.authority_extensions([NAME], "server")))
    wanted = signing.Wanted(NAME, signing.leaf_extensions([NAME], "server", "ecdsa"), 30)
    below = signing.sign(wanted, tmp_path / "key", tmp_path / "below.pem", tmp_path / "key")
    with pytest.raises(openssl.OpenSslError):
        openssl.run("verify", "-partial_chain", "-trusted", authority, "-untrusted", tmp_path / "below.pem", data=below)


def test_no_leaf_outlives_its_ca(known: Configuration) -> None:
    long = replace(known.certificates[0], days=9999)
    renew.issue(replace(known, certificates=(long,)))
    assert openssl.facts(leaf(known)).end == openssl.facts((known.directory / "ca.pem").read_text()).end


def test_where_the_source_fails_the_former_pair_stays(known: Configuration) -> None:
    renew.issue(known)
    before = leaf(known)

    def refuses(wanted: Certificate, folder: Path) -> None:
        (folder / KEY).write_text("half a")
        raise SourceError("the server is away")

    def lies(wanted: Certificate, folder: Path) -> None:
        SOURCES["private"](replace(wanted, names=(f"other.{NAME}",)), folder)

    failed = renew.issue(known, ["server"], {"private": refuses}).failed
    assert failed == {"server": "it was asked for, and it could not be renewed: the server is away"}
    failed = renew.issue(known, ["server"], {"private": lies}).failed
    said = "what came is not what was asked for: its names changed"
    assert failed == {"server": f"it was asked for, and it could not be renewed: {said}"}
    assert leaf(known) == before
    assert [path.name for path in (known.directory / "pairs").glob(".new-*")] == []


class Killed(BaseException):
    """The program's end at some moment."""


@pytest.mark.parametrize("files", [False, True], ids=["links", "files of before"])
@pytest.mark.parametrize("moment", range(1, 12))
def test_whenever_it_ends_key_and_certificate_belong_together(
    known: Configuration, monkeypatch: pytest.MonkeyPatch, moment: int, files: bool
) -> None:
    wanted = known.certificates[0]
    renew.issue(known)
    if files:  # as they were made before there were links
        for path in (wanted.certificate, wanted.key):
            content = path.read_text()
            path.unlink()
            path.write_text(content)
        shutil.rmtree(known.directory / "pairs")
    before = leaf(known)
    count = 0

    def steps(path: Path, *_: object) -> None:
        nonlocal count
        count += 1
        if count == moment:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(pairs, "_sync", steps)
        patched.setattr(pairs, "rmtree", lambda path: None)  # what ends at once tidies nothing up
        try:
            renew.issue(known, ["server"])
        except Killed:
            assert due.reason(wanted, time.time()) is None
    assert count < moment or leaf(known) == before or due.reason(wanted, time.time()) is None
    assert renew.issue(known, ["server"]).failed == {}
    assert due.reason(wanted, time.time()) is None
    left = {path.name for path in (known.directory / "pairs").iterdir()}
    assert len(left) == 2, left


def test_a_full_disk_leaves_what_is_there(known: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    renew.issue(known)
    before = leaf(known)

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pairs, "_sync", full)
    failed = renew.issue(known, ["server"]).failed
    assert failed == {"server": "it was asked for, and it could not be renewed: [Errno 28] No space left on device"}
    monkeypatch.undo()
    assert leaf(known) == before
    assert renew.issue(known, ["server"]).failed == {}


def test_names_that_begin_alike_are_not_tidied_up(known: Configuration) -> None:
    other = replace(
        known.certificates[0],
        name="server-rsa",
        certificate=known.directory / "server-rsa.pem",
        key=known.directory / "server-rsa.key",
    )
    both = replace(known, certificates=(other, *known.certificates))
    assert renew.issue(both).failed == {}
    assert renew.issue(both, ["server"]).failed == {}
    assert due.reason(other, time.time()) is None


def test_what_ports_show_is_compared_with_the_disk(known: Configuration) -> None:
    renew.issue(known)
    (wanted,) = known.certificates
    shown = openssl.fingerprint(leaf(known))
    answers = iter(["", "another", shown])
    assert probe.disagreeing([wanted], 60, lambda *_: next(answers)) == {}
    assert probe.disagreeing([wanted], 0, lambda *_: "") == {"server": f"[::1]:993 for {NAME} shows no certificate"}
    said = {"server": f"[::1]:993 for {NAME} shows another certificate"}
    assert probe.disagreeing([wanted], 0, lambda *_: "another") == said


def test_what_was_not_loaded_is_loaded_by_the_next_run(known: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    renew.issue(known)
    loaded: list[str] = []

    def load(_: Configuration, names: list[str]) -> dict[str, str]:
        loaded.extend(names)
        return {}

    monkeypatch.setattr(services, "load", load)
    monkeypatch.setattr(services, "active", lambda _: True)
    monkeypatch.setattr(probe, "shown", lambda *_: "")
    monkeypatch.setattr(probe, "disagreeing", lambda each: {} if loaded else {"server": "shows another certificate"})
    found = renew.everything(known)
    assert (loaded, found.problems, found.agree) == (["dovecot"], {}, {"server": True})


def test_what_no_port_shows_is_loaded_by_the_next_run_as_well(
    known: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = replace(known, certificates=(replace(known.certificates[0], probes=()),))
    answers = iter([{}, {"dovecot": "it is broken"}, {}])
    asked: list[list[str]] = []

    def load(_: Configuration, names: list[str]) -> dict[str, str]:
        asked.append(names)
        return next(answers) if names else {}

    monkeypatch.setattr(services, "load", load)
    renew.everything(hidden)
    renew.everything(hidden)
    renew.issue(hidden, ["server"])  # and the run ended here
    assert renew.everything(hidden).problems == {"dovecot": "it is broken"}
    assert renew.everything(hidden).problems == {}
    renew.everything(hidden)
    assert asked == [["dovecot"], [], ["dovecot"], ["dovecot"], []]


def test_a_note_that_finds_no_room_is_told(known: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = replace(known, certificates=(replace(known.certificates[0], probes=()),))
    renew.issue(hidden)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pairs, "write", full)
    assert "No space left on device" in renew.everything(hidden).problems["server"]


def test_a_run_that_fails_says_so(known: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "active", lambda _: True)
    monkeypatch.setattr(probe, "disagreeing", lambda each: {"server": "port 993 shows another certificate"})
    found = renew.everything(known)
    assert found.problems == {"server": "port 993 shows another certificate"}
    assert found.agree == {"server": False}


def test_what_nobody_renews_is_watched(known: Configuration) -> None:
    short = replace(known.certificates[0], days=5)
    renew.issue(replace(known, certificates=(short,)))
    found = renew.everything(replace(known, certificates=(replace(short, source="provided", services=(), probes=()),)))
    assert found.problems == {"server": "it ends in 5 days; bring another one"}


def test_numbers_are_told_in_the_exporter_s_form() -> None:
    found = Findings({"server": 86400.4}, {"server": False}, {"server": "wrong"})
    assert text(found, 12.0).splitlines()[2::3] == [
        'mailpair_certificate_left_seconds{name="server"} 86400',
        'mailpair_certificate_served{name="server"} 0',
        "mailpair_renewal_success 0",
        "mailpair_renewal_run_seconds 12",
    ]


def test_a_service_that_does_not_run_is_not_loaded(known: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = replace(known, reloads={"dovecot": (("sh", "-c", "echo it is broken; exit 1"),)})
    monkeypatch.setattr(services, "active", lambda _: False)
    assert services.load(failing, ["dovecot"]) == {}
    monkeypatch.setattr(services, "active", lambda _: True)
    assert services.load(failing, ["dovecot"]) == {"dovecot": "sh -c echo it is broken; exit 1: it is broken"}


def test_no_other_user_reads_a_key_before_it_is_written(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        openssl.make_key(tmp_path / "key", "ecdsa")
    finally:
        os.umask(before)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
