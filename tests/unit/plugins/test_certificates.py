"""The action and the module ``certificates``, the program on the host and a real CA, with this machine as the host."""

from __future__ import annotations

import io
import subprocess
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from ansible.errors import AnsibleActionFail
from ansible.plugins.loader import action_loader
from ansible_collections.mailpair.mail.plugins.modules import certificates

from hostside.renewal import __main__ as program
from mailpair.authorities import Authorities
from mailpair.plan import renewal
from mailpair.plan.role import plain
from mailpair.servers import Role, Server
from mailpair.state import SiteState
from tests.unit.plan.sites import site
from tests.unit.plugins.host import Ended, FakeModule

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
FRONT = Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("10.0.0.11",))
BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))


class RealModule(FakeModule):
    """The program is run, in this process."""

    def run_command(self, words: list[str], *, data: str = "", **_: Any) -> tuple[int, str, str]:
        assert words[:4] == ["/usr/bin/python3", "-B", "-m", "renewal"]
        out = io.StringIO()
        with mock.patch("sys.stdin", io.StringIO(data)), redirect_stdout(out):
            code = program.main(words[4:])
        return code, out.getvalue(), ""


class Bench:
    """A site and its two hosts, each with a folder for certificates; no service runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "site"
        self.site.mkdir()
        self.state = SiteState(self.site)
        self.authorities = Authorities(self.state)
        self.plans = {server.name: self.plan(server) for server in (FRONT, BACK)}

    def plan(self, server: Server) -> dict[str, Any]:
        planned: dict[str, Any] = plain(renewal.plan(site(), (FRONT, BACK), server))
        tls = str(self.tls(server))
        text = repr(planned).replace("/etc/mailpair/tls", tls).replace("/run/mailpair-renewal", tls)
        changed: dict[str, Any] = eval(text)
        changed["configuration"]["reloads"] = {}
        return {**changed, "programs": str(ROOT / "hostside")}

    def tls(self, server: Server) -> Path:
        return self.folder / server.name

    def step(self, server: Server, step: str, *, check: bool = False, keep: bool = True) -> dict[str, Any]:
        """Run the action plugin, with the host's half on this machine."""
        arguments = {"step": step, "plan": self.plans[server.name], "keep": keep}
        plugin = action_loader.get(
            "mailpair.mail.certificates",
            task=SimpleNamespace(args=arguments, check_mode=check, async_val=0, diff=False),
            connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir=str(self.site))),
            play_context=None,
            loader=None,
            templar=SimpleNamespace(template=str),
            shared_loader_obj=None,
        )
        plugin._execute_module = lambda _, module_args, task_vars: self.host(module_args, check)
        said: dict[str, Any] = plugin.run(task_vars={"mailpair_site_dir": str(self.site)})
        return said

    def host(self, arguments: dict[str, Any], check: bool) -> dict[str, Any]:
        module: Any = RealModule(arguments, str(self.folder), check_mode=check)
        with pytest.raises(Ended) as ended:
            certificates.run(module)
        return ended.value.said

    def run(self, *servers: Server) -> list[bool]:
        """What site.yml does; whether each step of each host changed anything."""
        steps = [(step, True) for step in ("enrol", "trust", "issue")] + [("trust", False)]
        return [
            self.step(server, step, keep=keep)["changed"] for step, keep in steps for server in servers or (FRONT, BACK)
        ]

    def verified(self, server: Server, by: Path, purpose: str, certificate: str = "peer.pem") -> bool:
        shown = str(self.tls(server) / certificate)
        words = ["openssl", "verify", "-purpose", purpose, "-CAfile", str(by), "-untrusted", shown, shown]
        done = subprocess.run(words, check=False, capture_output=True)
        return done.returncode == 0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Two hosts without certificates."""
    return Bench(tmp_path)


def test_hosts_get_what_they_need_and_a_second_run_changes_nothing(bench: Bench) -> None:
    assert all(bench.run()[:6])
    assert not any(bench.run())
    front, back = bench.tls(FRONT), bench.tls(BACK)
    assert bench.verified(FRONT, back / "peers.pem", "sslclient")
    assert bench.verified(BACK, front / "peers.pem", "sslserver")
    assert bench.verified(FRONT, bench.state.ca_certificate, "sslserver", "server.pem")
    for key in (*front.glob("*.key"), *back.glob("*.key")):
        assert key.stat().st_mode & 0o777 == 0o600, key


def test_neither_proves_what_it_is_not(bench: Bench) -> None:
    bench.run()
    front, back = bench.tls(FRONT), bench.tls(BACK)
    assert not bench.verified(FRONT, back / "peers.pem", "sslserver")
    assert not bench.verified(BACK, front / "peers.pem", "sslclient")
    assert not bench.verified(FRONT, back / "peers.pem", "sslclient", "server.pem")
    assert not bench.verified(FRONT, back / "ca.pem", "sslclient")
    assert not bench.verified(FRONT, back / "ca.pem", "sslclient", "server.pem")


def lose(name: str) -> Callable[[Bench], None]:
    return lambda bench: (bench.tls(FRONT) / name).unlink()


def spoil(name: str) -> Callable[[Bench], object]:
    return lambda bench: (bench.tls(FRONT) / name).write_text("nonsense")


def add_a_name(bench: Bench) -> None:
    for each in bench.plans["front1"]["configuration"]["authorities"]:
        if each["name"] == "issuing":
            each["names"] = [*each["names"], "more.contoso.test"]


def forget(bench: Bench) -> None:
    """The controller knows another CA of the host than it has."""
    (known,) = bench.site.rglob("peers/front1.pem")
    known.unlink()


def follow(bench: Bench) -> None:
    bench.authorities.begin()


@pytest.mark.parametrize(
    ("event", "step", "reasons"),
    [
        (lose("peer-ca.pem"), "enrol", {"peer-ca": "it is missing"}),
        (lose("issuing.key"), "enrol", {"issuing": "it is missing"}),
        (spoil("issuing.pem"), "enrol", {"issuing": "it can't be read"}),
        (spoil("peer-ca.key"), "enrol", {"peer-ca": "it can't be read"}),
        (add_a_name, "enrol", {"issuing": "what it may speak for changed"}),
        (follow, "enrol", {"issuing": "the site's root did not sign it"}),
        (lose("peer.pem"), "issue", {"peer": "it is missing"}),
        (lose("server.key"), "issue", {"server": "its key is missing"}),
        (spoil("server.pem"), "issue", {"server": "it can't be read"}),
    ],
)
def test_what_is_lost_or_planned_is_made_good(
    bench: Bench, event: Callable[[Bench], object], step: str, reasons: dict[str, str]
) -> None:
    bench.run()
    event(bench)
    assert bench.step(FRONT, step, check=True)["reasons"] == reasons
    assert bench.step(FRONT, step)["reasons"] == reasons
    bench.run()
    assert not any(bench.run())
    assert bench.verified(FRONT, bench.tls(BACK) / "peers.pem", "sslclient")
    assert bench.verified(FRONT, bench.state.ca_certificate, "sslserver", "server.pem")


@pytest.mark.parametrize(
    ("event", "settled"),
    [
        (lambda _: None, [True, True]),
        (lose("peer-ca.pem"), [False, False]),  # its new one is news to the other
        (lose("peer.pem"), [False, True]),
        (lose("peers.pem"), [False, True]),
        (spoil("issuing.pem"), [False, True]),
        (spoil("peers.pem"), [False, True]),
        (spoil("server.pem"), [False, True]),
        (lose(".trust-loaded"), [False, True]),
        (add_a_name, [False, True]),
        (follow, [False, False]),
        (lambda bench: bench.authorities.revoke("front1"), [False, False]),
        (forget, [False, True]),
    ],
)
def test_where_nothing_is_left_to_do_enrolling_says_so(
    bench: Bench, event: Callable[[Bench], object], settled: list[bool]
) -> None:
    bench.run()
    event(bench)
    assert [bench.step(server, "enrol")["settled"] for server in (FRONT, BACK)] == settled


def test_who_knows_either_root_is_served_until_the_old_one_ends(bench: Bench, tmp_path: Path) -> None:
    bench.run()
    old, both = tmp_path / "old.pem", bench.state.ca_certificate
    old.write_text(both.read_text())
    bench.authorities.begin()
    bench.run()
    new = tmp_path / "new.pem"
    new.write_text(bench.state.certificate_authority().certificate_pem)
    assert (bench.tls(BACK) / "ca.pem").read_text() == both.read_text() == new.read_text() + old.read_text()
    assert bench.verified(FRONT, old, "sslserver", "server.pem")
    assert bench.verified(FRONT, new, "sslserver", "server.pem")
    bench.authorities.end()
    bench.run()
    assert not any(bench.run())
    assert both.read_text() == new.read_text()
    assert bench.verified(FRONT, new, "sslserver", "server.pem")
    assert not bench.verified(FRONT, old, "sslserver", "server.pem")


def test_a_revoked_key_is_trusted_nowhere_and_the_host_comes_back_with_another(bench: Bench) -> None:
    bench.run()
    lost = bench.tls(FRONT) / "peer.pem"
    kept = bench.folder / "kept.pem"
    kept.write_text(lost.read_text())
    before = (bench.tls(FRONT) / "peer-ca.key").read_text()
    bench.authorities.revoke("front1")
    assert bench.step(BACK, "trust")["changed"] is True
    assert not bench.verified(FRONT, bench.tls(BACK) / "peers.pem", "sslclient")
    assert bench.step(FRONT, "enrol")["reasons"] == dict.fromkeys(("peer-ca", "issuing"), "its key was revoked")
    bench.run()
    assert (bench.tls(FRONT) / "peer-ca.key").read_text() != before
    assert bench.verified(FRONT, bench.tls(BACK) / "peers.pem", "sslclient")
    lost.unlink()
    lost.write_text(kept.read_text())
    assert not bench.verified(FRONT, bench.tls(BACK) / "peers.pem", "sslclient")
    assert not any(bench.run(BACK))


def test_a_host_s_new_ca_is_trusted_beside_the_old_one_until_the_run_ends(bench: Bench) -> None:
    bench.run()
    (bench.tls(FRONT) / "peer-ca.key").unlink()
    bench.step(FRONT, "enrol")
    assert bench.step(BACK, "trust")["more"] is True
    assert (bench.tls(BACK) / "peers.pem").read_text().count("BEGIN") == 2
    assert bench.verified(FRONT, bench.tls(BACK) / "peers.pem", "sslclient")  # with what it shows still
    bench.step(FRONT, "issue")
    assert bench.verified(FRONT, bench.tls(BACK) / "peers.pem", "sslclient")
    assert bench.step(BACK, "trust")["more"] is True  # as long as nobody ends it, a run that was interrupted too
    assert bench.step(BACK, "trust", keep=False)["more"] is False
    assert bench.step(BACK, "trust")["more"] is False
    assert (bench.tls(BACK) / "peers.pem").read_text().count("BEGIN") == 1
    assert bench.verified(FRONT, bench.tls(BACK) / "peers.pem", "sslclient")


def test_check_mode_makes_no_ca(bench: Bench) -> None:
    said = bench.step(FRONT, "enrol", check=True)
    ca = bench.state.ca_certificate
    assert said == {"changed": True, "msg": f"{ca} would be made, and all certificates"}
    assert not bench.tls(FRONT).exists()
    assert not ca.exists()


def test_a_ca_that_can_not_be_used_says_so(bench: Bench) -> None:
    bench.run()
    (bench.site / "private/ca/key.pem").unlink()
    with pytest.raises(AnsibleActionFail, match="is missing, but its certificate is there"):
        bench.run()


def test_where_both_of_a_pair_are_revoked_nobody_is_trusted(bench: Bench) -> None:
    bench.run()
    for server in (FRONT, BACK):
        bench.authorities.revoke(server.name)
    for server, other, purpose in ((FRONT, BACK, "sslserver"), (BACK, FRONT, "sslclient")):
        assert bench.step(server, "trust")["changed"] is True
        peers = bench.tls(server) / "peers.pem"
        assert peers.read_text() == (bench.tls(server) / "peer-ca.pem").read_text()
        assert not bench.verified(other, peers, purpose)
    bench.run()
    assert bench.verified(FRONT, bench.tls(BACK) / "peers.pem", "sslclient")
