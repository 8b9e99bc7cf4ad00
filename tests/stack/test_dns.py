"""Records on a real server: made, drifted, mended, changed, taken away, compared, and nobody else's touched."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailpair.__main__ import main
from mailpair.publish.record_sets import RecordSet
from pulumi_stack import dns_update
from pulumi_stack.dns_update import Primary
from pulumi_stack.errors import StackError
from tests.e2e.support.dns_server import ALGORITHM, KEY_NAME
from tests.stack.support.run import FAILED, Run, unchanged
from tests.stack.support.zone import Zone, zone

pytestmark = pytest.mark.machines

SERVERS = [
    {"name": "front1", "role": "client_access", "host": "192.0.2.11"},
    {"name": "back1", "role": "mailbox", "host": "192.0.2.12"},
]
SITE, MAIL, IMAPS = "contoso.test", "mail.contoso.test", "_imaps._tcp.contoso.test"
SPF = "v=spf1 -all"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zone]:
    """The zone; each test leaves it without records of the site."""
    with zone(tmp_path_factory.mktemp("zone")) as made:
        yield made


@pytest.fixture
def run(named: Zone, tmp_path: Path) -> Iterator[Run]:
    """A stack that publishes records and makes nothing else."""
    stack = Run("dns-test", tmp_path / "stack")
    configure(stack, named)
    yield stack
    configure(stack, named)
    stack.destroy()
    for name, kind in ((SITE, "TXT"), (SITE, "MX"), (MAIL, "A"), (MAIL, "CNAME"), (IMAPS, "SRV")):
        named.change(name, kind)
    shutil.rmtree(stack.folder)


def configure(run: Run, named: Zone, key: str | None = None, servers: Any = SERVERS, **dns: Any) -> None:
    run.configure(
        platform="existing", site=str(run.site_dir), servers=servers, configure="false", dns={**named.settings, **dns}
    )
    run.secret("dns_key", key or named.server.secret)


def drifts(run: Run) -> dict[str, list[str]]:
    """What the state says to be wrong."""
    found = {name: outputs["drift"] for name, outputs in run.outputs("RecordSet").items()}
    return {name: drift for name, drift in found.items() if drift}


def test_records_are_made_once_and_taken_away_and_the_key_is_nowhere(run: Run, named: Zone) -> None:
    assert f"+ mailpair:index:RecordSet {MAIL} A create" in " ".join(run.pulumi("preview").split())
    assert named.has(MAIL, "A") == set()
    said = run.up()
    assert named.has(MAIL, "A") == {"192.0.2.11"}
    assert named.has(SITE, "MX") == {"10 front1.contoso.test."}
    assert named.has(SITE, "TXT") == {SPF}
    assert named.has(IMAPS, "SRV") == {"0 1 993 mail.contoso.test."}
    assert named.has("_imap._tcp.contoso.test", "SRV") == {"0 0 0 ."}
    assert unchanged(run.up())
    for text in (said, run.export(), run.pulumi("stack", "output", "--json"), run.pulumi("preview", "--diff")):
        assert named.server.secret not in text
    assert len(run.outputs("RecordSet")) == 10
    run.pulumi("destroy", "--yes", "--skip-preview")
    for name, kind in ((MAIL, "A"), (SITE, "MX"), (SITE, "TXT"), (IMAPS, "SRV")):
        assert named.has(name, kind) == set()
    assert named.has("ns.contoso.test", "A") == {"127.0.0.1"}


def test_what_was_changed_by_hand_is_seen_and_put_right(run: Run, named: Zone) -> None:
    run.up()
    named.change(MAIL, "A", "192.0.2.99")
    named.change(SITE, "MX", "10 front1.contoso.test.", "20 old.contoso.test.", ttl=3600)
    named.change(SITE, "TXT", f'"{SPF}"', ttl=5)
    named.change(IMAPS, "SRV")
    run.refresh()
    assert drifts(run) == {
        "mail.contoso.test A": ["192.0.2.99"],
        "contoso.test MX": ["10 front1.contoso.test., 20 old.contoso.test."],
        "contoso.test TXT": ["ttl 5"],
    }
    assert "_imaps._tcp.contoso.test SRV" not in run.outputs("RecordSet")
    run.pulumi("preview")
    assert named.has(MAIL, "A") == {"192.0.2.99"}
    said = run.up()
    assert "3 updated" in said
    assert "1 created" in said
    assert named.has(MAIL, "A") == {"192.0.2.11"}
    assert named.has(SITE, "MX") == {"10 front1.contoso.test."}
    assert named.has(IMAPS, "SRV") == {"0 1 993 mail.contoso.test."}
    assert unchanged(run.up())


def test_a_change_of_the_site_is_made_in_place(run: Run, named: Zone) -> None:
    run.up()
    document = run.site_dir / "site.yml"
    before = document.read_text()
    site = yaml.safe_load(before)
    site["mailpair_site"]["services"]["pop3"] = {"front_end": False, "back_end": False}
    document.write_text(yaml.safe_dump(site))
    servers = [{**SERVERS[0], "host": "192.0.2.21", "address6": "2001:db8::21"}, SERVERS[1]]
    configure(run, named, servers=servers, ttl=60)
    assert "replace" not in run.pulumi("preview")
    assert named.has(MAIL, "A") == {"192.0.2.11"}
    run.up()
    assert named.has(MAIL, "A") == {"192.0.2.21"}
    assert named.has(MAIL, "AAAA") == {"2001:db8::21"}
    assert named.has("_pop3s._tcp.contoso.test", "SRV") == {"0 0 0 ."}
    configure(run, named)
    document.write_text(before)
    run.up()
    assert named.has(MAIL, "A") == {"192.0.2.11"}
    assert named.has(MAIL, "AAAA") == set()
    assert named.has("_pop3s._tcp.contoso.test", "SRV") == {"1 1 995 mail.contoso.test."}


def test_what_others_made_is_not_touched(run: Run, named: Zone) -> None:
    named.change(SITE, "TXT", '"other-site-verification=1"', ttl=77)
    named.change(MAIL, "A", "192.0.2.99")
    named.change(IMAPS, "SRV", "0 1 993 mail.contoso.test.", ttl=3600)
    said = run.up(status=FAILED)
    assert (
        "mail.contoso.test A: 192.0.2.99: is in DNS already, and this stack did not make it; "
        "take it away, or leave it to others with dns.leave_out\n"
    ) in said
    assert named.has(MAIL, "A") == {"192.0.2.99"}
    configure(run, named, leave_out=["mail.contoso.test A"])
    run.up()
    assert named.has(MAIL, "A") == {"192.0.2.99"}
    assert named.has(SITE, "TXT") == {"other-site-verification=1", SPF}
    assert drifts(run) == {}
    assert unchanged(run.up())
    # Somebody's second record, and somebody's own in the place of ours.
    named.change(SITE, "MX", "10 front1.contoso.test.", "20 old.contoso.test.")
    said = run.pulumi("destroy", "--yes", "--skip-preview")
    assert "contoso.test MX: 20 old.contoso.test.: is not this stack's, and stays in DNS" in said
    assert named.has(SITE, "MX") == {"20 old.contoso.test."}
    assert named.has(SITE, "TXT") == {"other-site-verification=1"}
    assert named.has(MAIL, "A") == {"192.0.2.99"}
    assert named.has(IMAPS, "SRV") == set()


def test_an_alias_is_not_replaced(run: Run, named: Zone) -> None:
    named.change(MAIL, "CNAME", "web.contoso.test.")
    said = run.up(status=FAILED)
    assert (
        "mail.contoso.test A: an alias of web.contoso.test.: is in DNS already, and this stack did not make it; "
        in said
    )
    assert named.has(MAIL, "CNAME") == {"web.contoso.test."}


def test_another_key_is_refused(run: Run, named: Zone) -> None:
    wrong = base64.b64encode(secrets.token_bytes(32)).decode()
    place = f"dns.server: 127.0.0.1 port {named.port}"
    configure(run, named, wrong)
    said = run.up(status=FAILED)
    assert f"{place}: must have the same key mailpair; set it with pulumi config set --secret dns_key\n" in said
    assert wrong not in said
    configure(run, named, key_name="other")
    assert (
        f"{place}: must know the key other; look at dns.key_name, and at the server's own list of keys\n"
    ) in run.up(status=FAILED)
    assert named.has(MAIL, "A") == set()
    configure(run, named)
    run.up()
    configure(run, named, wrong)
    assert wrong not in run.up(status=FAILED)
    configure(run, named)
    assert unchanged(run.up())


def test_a_new_key_is_learnt_by_a_state_that_has_the_old_one(run: Run, named: Zone) -> None:
    run.up()
    new = base64.b64encode(secrets.token_bytes(32)).decode()
    with named.rekeyed(new):
        configure(run, named, new)
        said = run.up()
        assert "mail.contoso.test A was not looked at: " in said
        assert new not in said + run.export()
        assert unchanged(run.up())
        run.pulumi("destroy", "--yes", "--skip-preview")
        assert named.has(MAIL, "A") == set()


def test_a_server_that_is_away_is_told_and_nothing_is_forgotten(run: Run, named: Zone) -> None:
    run.up()
    state = json.loads(run.export())["deployment"]["resources"]
    named.server.process.send_signal(signal.SIGSTOP)  # no answer at all
    try:
        said = run.refresh()
    finally:
        named.server.process.send_signal(signal.SIGCONT)
    assert len(json.loads(run.export())["deployment"]["resources"]) == len(state)
    assert f"mail.contoso.test A was not looked at: dns.server: 127.0.0.1 port {named.port}: " in said
    assert unchanged(run.up())


def test_configuration_is_checked_before_anything_is_made(run: Run, named: Zone) -> None:
    configure(run, named, server="-", zone="fabrikam.test", keyname="x")
    said = run.up(status=FAILED)
    assert "dns.server: '-': " in said
    assert named.has(MAIL, "A") == set()
    run.configure(
        platform="existing", site=str(run.site_dir), servers=SERVERS, configure="false",
        dns=named.settings, dns_key=named.server.secret,
    )  # fmt: skip
    said = run.up(status=FAILED)
    assert (
        "dns_key: not shown: must be a secret, and this stack's file has it in the clear; "
        "have a new key made, and set it with pulumi config set --secret dns_key\n"
    ) in said
    assert named.server.secret not in said


def test_the_check_says_what_the_stack_would_mend(run: Run, named: Zone, capsys: pytest.CaptureFixture[str]) -> None:
    (run.site_dir / "hosts.yml").write_text(
        "all: {children: {client_access: {hosts: {front1: {ansible_host: 192.0.2.11}}},"
        " mailbox: {hosts: {back1: {ansible_host: 192.0.2.12}}}}}\n"
    )
    check = ["dns", "--site", str(run.site_dir), "--check", "--server", f"127.0.0.1:{named.port}"]
    run.up()
    assert main(check) == 0
    assert capsys.readouterr().out == f"{run.site_dir}: DNS is as the site needs it; 10 records\n"
    named.change(MAIL, "A", "192.0.2.99")
    named.change(MAIL, "AAAA", "2001:db8::99")
    named.change(IMAPS, "SRV")
    assert main(check) == 1
    assert capsys.readouterr().out == (
        "mail.contoso.test A: 192.0.2.99: must be 192.0.2.11\n"
        "mail.contoso.test AAAA: 2001:db8::99: is not the site's; take it away\n"
        "_imaps._tcp.contoso.test SRV: missing: must be 0 1 993 mail.contoso.test.\n"
    )
    named.change(MAIL, "AAAA")
    other = yaml.safe_load((run.site_dir / "site.yml").read_text())
    other["mailpair_site"]["accepted_domains"] = ["contoso.test", "fabrikam.test"]
    (run.site_dir / "site.yml").write_text(yaml.safe_dump(other))
    assert main(check) == 1
    assert f"fabrikam.test MX: no answer: 127.0.0.1:{named.port} said REFUSED\n" in capsys.readouterr().out


def primary(named: Zone) -> Primary:
    return Primary("127.0.0.1", named.port, "contoso.test.", KEY_NAME, ALGORITHM, named.server.secret)


def test_who_was_faster_is_not_overwritten(named: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = RecordSet("race.contoso.test.", "A", ("192.0.2.1",))
    nothing = asyncio.run(dns_update.look(primary(named), wanted))
    named.change("race.contoso.test", "A", "192.0.2.99")

    async def stale(*_: object) -> dns_update.Found:
        return nothing

    monkeypatch.setattr(dns_update, "look", stale)
    with pytest.raises(StackError) as error:
        asyncio.run(dns_update.write(primary(named), wanted, 60))
    assert str(error.value) == (
        "race.contoso.test A: YXRRSET: was changed by somebody else while this ran; run pulumi up again"
    )
    assert named.has("race.contoso.test", "A") == {"192.0.2.99"}
    named.change("race.contoso.test", "A")


def test_a_text_is_the_same_however_it_is_cut(named: Zone) -> None:
    long = "v=DKIM1; p=" + "x" * 600
    wanted = RecordSet("s._domainkey.contoso.test.", "TXT", (long,))
    asyncio.run(dns_update.write(primary(named), wanted, 60))
    assert named.has("s._domainkey.contoso.test", "TXT") == {long}
    cut = " ".join(f'"{long[at : at + 100]}"' for at in range(0, len(long), 100))
    named.change("s._domainkey.contoso.test", "TXT", cut, '"for others"')
    asyncio.run(dns_update.write(primary(named), wanted, 60, replaceable=()))
    newer = RecordSet(wanted.name, "TXT", (long.replace("x", "y"),))
    asyncio.run(dns_update.write(primary(named), newer, 60))
    assert named.has("s._domainkey.contoso.test", "TXT") == {*newer.data, "for others"}
    named.change("s._domainkey.contoso.test", "TXT", cut, '"for others"')
    assert asyncio.run(dns_update.remove(primary(named), wanted)) == ()
    assert named.has("s._domainkey.contoso.test", "TXT") == {"for others"}
    named.change("s._domainkey.contoso.test", "TXT")


def test_a_server_that_is_none_or_not_the_zone_s_is_told(named: Zone) -> None:
    wanted = RecordSet("mail.fabrikam.test.", "A", ("192.0.2.1",))
    port = named.port
    cases = {
        replace(primary(named), zone="fabrikam.test."): (
            f"dns.server: 127.0.0.1 port {port}: must serve the zone fabrikam.test. itself, "
            "and take changes of it from the key mailpair; it says REFUSED"
        ),
        replace(primary(named), server="127.0.0.77"): (
            f"dns.server: 127.0.0.77 port {port}: must answer over TCP; Connection refused"
        ),
    }
    for asked, text in cases.items():
        with pytest.raises(StackError) as error:
            asyncio.run(dns_update.look(asked, wanted))
        assert str(error.value) == text
