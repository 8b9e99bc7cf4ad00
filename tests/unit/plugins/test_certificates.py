"""The module and the action ``certificates``, with a real openssl and a real CA, and this machine as the host."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleActionFail
from ansible.plugins.loader import action_loader
from ansible_collections.mailpair.mail.plugins.module_utils.files import Wanted
from ansible_collections.mailpair.mail.plugins.modules import certificates
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from mailpair.state import SiteState
from tests.unit.plugins.host import OWNER, Ended, FakeModule

if TYPE_CHECKING:
    from collections.abc import Callable


def command(words: list[str], data: bytes | None = None) -> tuple[int, str, str]:
    done = subprocess.run(words, check=False, capture_output=True, input=data)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class RealModule(FakeModule):
    """Commands are run, on this machine."""

    def run_command(self, words: list[str], *, data: bytes | None = None, **_: Any) -> tuple[int, str, str]:
        return command(words, data)


class Bench:
    """A host's folder for certificates, and the site whose CA signs them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tls = folder / "tls"
        self.site = folder / "site"
        self.site.mkdir()
        self.wanted: dict[str, Any] = {
            "certificate": str(self.tls / "peer.pem"),
            "key": str(self.tls / "peer.key"),
            "names": ["front1.contoso.test"],
            "addresses": ["192.0.2.1"],
            "usage": "client",
            "days": 90,
        }
        monkeypatch.setattr(certificates, "Wanted", lambda path, content: Wanted(path, content, **OWNER))

    def run(self, *, check: bool = False) -> dict[str, Any]:
        """Run the action plugin, with the host's half in this process."""
        arguments = {
            "directory": str(self.tls),
            "ca": str(self.tls / "ca.pem"),
            "certificates": [self.wanted],
        }
        task = SimpleNamespace(args=arguments, check_mode=check, async_val=0, diff=False)
        plugin = action_loader.get(
            "mailpair.mail.certificates",
            task=task,
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
        module: Any = RealModule({"signed": None, **arguments}, "", check_mode=check)
        with pytest.raises(Ended) as ended:
            certificates.Renewal(module).run()
        return ended.value.said

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(Path(self.wanted["certificate"]).read_bytes())

    def reason(self, said: dict[str, Any]) -> str:
        (reason,) = said["reasons"].values()
        return str(reason)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A host without certificates."""
    return Bench(tmp_path, monkeypatch)


def test_a_certificate_is_made_with_a_key_that_only_its_owner_reads(bench: Bench) -> None:
    said = bench.run()
    assert (said["changed"], bench.reason(said)) == (True, "it is missing")
    names = bench.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["front1.contoso.test"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]
    usage = bench.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert Path(bench.wanted["key"]).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in bench.tls.iterdir()) == ["ca.pem", "peer.key", "peer.pem"]


def test_a_second_run_asks_for_nothing(bench: Bench) -> None:
    bench.run()
    before = bench.certificate
    said = bench.run()
    assert (said["changed"], said["reasons"]) == (False, {})
    assert bench.certificate == before


def lose_the_certificate(bench: Bench) -> None:
    Path(bench.wanted["certificate"]).unlink()


def lose_the_key(bench: Bench) -> None:
    Path(bench.wanted["key"]).unlink()


def spoil_the_key(bench: Bench) -> None:
    Path(bench.wanted["key"]).write_text("nonsense")


def spoil_the_certificate(bench: Bench) -> None:
    Path(bench.wanted["certificate"]).write_text("nonsense")


def change_the_key(bench: Bench) -> None:
    command(["openssl", "genpkey", "-algorithm", "ED25519", "-out", bench.wanted["key"]])


def change_the_names(bench: Bench) -> None:
    bench.wanted["names"] = ["front1.contoso.test", "mail.contoso.test"]


def change_the_addresses(bench: Bench) -> None:
    bench.wanted["addresses"] = ["2001:db8::1"]


def change_the_usage(bench: Bench) -> None:
    bench.wanted["usage"] = "server"


def change_the_ca(bench: Bench) -> None:
    shutil.rmtree(bench.site / "private/ca")
    SiteState(bench.site).certificate_authority()


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (lose_the_certificate, "it is missing"),
        (lose_the_key, "its key is missing"),
        (spoil_the_key, "its key can't be read"),
        (spoil_the_certificate, "it can't be read"),
        (change_the_key, "it belongs to another key"),
        (change_the_names, "its names changed"),
        (change_the_addresses, "its names changed"),
        (change_the_usage, "the site's CA did not issue it for this use, or it has expired"),
        (change_the_ca, "the site's CA did not issue it for this use, or it has expired"),
    ],
)
def test_why_a_certificate_is_renewed(bench: Bench, event: Callable[[Bench], None], reason: str) -> None:
    bench.run()
    event(bench)
    assert bench.reason(bench.run(check=True)) == reason
    said = bench.run()
    assert (said["changed"], bench.reason(said)) == (True, reason)
    assert bench.run()["changed"] is False
    ca, certificate = str(bench.tls / "ca.pem"), bench.wanted["certificate"]
    assert command(["openssl", "verify", "-CAfile", ca, certificate])[0] == 0


def test_a_certificate_is_renewed_in_the_last_third_of_its_life(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.run()
    start, end = bench.certificate.not_valid_before_utc, bench.certificate.not_valid_after_utc
    for part, due in ((0.6, False), (0.7, True)):
        monkeypatch.setattr(certificates.time, "time", lambda part=part: (start + part * (end - start)).timestamp())
        assert bench.run(check=True)["changed"] is due
    assert bench.reason(bench.run(check=True)) == "less than a third of its life is left"


def test_a_run_that_ended_between_the_two_files_is_made_good(bench: Bench) -> None:
    bench.run()
    bench.host({**bench_request(bench), "ca_pem": (bench.tls / "ca.pem").read_text()}, check=False)
    Path(bench.wanted["key"] + ".new").rename(bench.wanted["key"])
    assert bench.reason(bench.run()) == "it belongs to another key"
    assert bench.run()["changed"] is False


def bench_request(bench: Bench) -> dict[str, Any]:
    """Arguments that make the host ask for a certificate and get no answer."""
    wanted = {**bench.wanted, "names": ["other.contoso.test"]}
    return {"directory": str(bench.tls), "ca": str(bench.tls / "ca.pem"), "certificates": [wanted]}


def test_check_mode_makes_no_ca(bench: Bench) -> None:
    said = bench.run(check=True)
    ca = SiteState(bench.site).ca_certificate
    assert said == {"changed": True, "msg": f"{ca} would be made, and all certificates"}
    assert not bench.tls.exists()
    assert not ca.exists()


def test_a_ca_that_can_not_be_used_says_so(bench: Bench) -> None:
    bench.run()
    (bench.site / "private/ca/key.pem").unlink()
    with pytest.raises(AnsibleActionFail, match="is missing, but its certificate is there"):
        bench.run()
