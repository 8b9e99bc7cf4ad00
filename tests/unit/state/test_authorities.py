"""The CAs of a site over time: one that follows another, those of hosts, revoked keys, the backup."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from hostside.renewal import openssl, signing
from mailpair.authorities import Authorities
from mailpair.state import SiteState, StateError
from tests.unit.state.test_authority import request

NAME = "front1.contoso.test"


@pytest.fixture
def authorities(tmp_path: Path) -> Authorities:
    """Those of a new site."""
    return Authorities(SiteState(tmp_path))


def own_ca(folder: Path, names: tuple[str, ...] = (NAME,), usage: str = "client", extra: str = "") -> str:
    """A CA as a host makes it for itself."""
    openssl.make_key(folder / "host.key", "ecdsa")
    extensions = [*signing.authority_extensions(names, usage), *([extra] if extra else [])]
    if extra:
        extensions = [
            each for each in extensions if each == extra or each.split(" =")[0] != extra.split(" =", maxsplit=1)[0]
        ]
    return signing.sign(signing.Wanted(names[0], extensions, 730), folder / "host.key", None, folder / "host.key")


def test_a_new_root_stands_beside_the_old_one_until_that_ends(authorities: Authorities, tmp_path: Path) -> None:
    before = authorities.roots()
    authorities.begin()
    during = authorities.roots()
    assert during.pem.endswith(before.pem)
    assert during.pem == SiteState(tmp_path).ca_certificate.read_text()
    files = (before.pem, during.pem, during.above)
    old, new, bridge = (x509.load_pem_x509_certificates(each.encode()) for each in files)
    bridge[0].verify_directly_issued_by(old[0])
    assert bridge[0].public_key() == new[0].public_key()
    assert bridge[0].subject == new[0].subject != old[0].subject
    authorities.end()
    after = authorities.roots()
    assert (after.above, during.pem) == ("", after.pem + before.pem)


def test_one_follows_another_only_when_that_has_ended(authorities: Authorities) -> None:
    with pytest.raises(StateError, match=r"there is one CA alone; begin a new one before you end it$"):
        authorities.end()
    authorities.begin()
    with pytest.raises(StateError, match=r"a new CA was begun before; run the playbook, .* and end the old CA first$"):
        authorities.begin()


@pytest.mark.parametrize("written", [["introduction.pem"], ["introduction.pem", "certificate.pem"]])
def test_a_beginning_that_was_interrupted_leaves_a_ca(
    authorities: Authorities, tmp_path: Path, written: list[str]
) -> None:
    before = authorities.roots()
    folder, kept = tmp_path / "private/ca", tmp_path / "kept"
    shutil.copytree(folder, kept)
    authorities.begin()
    for path in folder.iterdir():
        if path.name not in written and (kept / path.name).exists():
            shutil.copyfile(kept / path.name, path)
    found = authorities.roots()
    assert found.pem.startswith(before.pem)
    assert found.above == ""


def test_a_root_that_allows_no_ca_below_it_is_made_anew(authorities: Authorities, tmp_path: Path) -> None:
    authority = SiteState(tmp_path).certificate_authority()
    path = SiteState(tmp_path).ca_certificate
    own = x509.load_pem_x509_certificate(path.read_bytes())
    former = (
        x509.CertificateBuilder()
        .subject_name(own.subject)
        .issuer_name(own.subject)
        .public_key(own.public_key())
        .serial_number(1)
        .not_valid_before(own.not_valid_before_utc)
        .not_valid_after(own.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority._key, hashes.SHA256())
    )
    path.write_bytes(former.public_bytes(serialization.Encoding.PEM))
    made = x509.load_pem_x509_certificate(authorities.roots().pem.encode())
    assert (made.subject, made.public_key(), made.not_valid_after_utc) == (
        own.subject,
        own.public_key(),
        own.not_valid_after_utc,
    )
    assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 2
    assert path.read_text() == authorities.roots().pem


def test_a_front_end_s_ca_is_bound_to_its_names(authorities: Authorities, tmp_path: Path) -> None:
    authority = SiteState(tmp_path).certificate_authority()
    names = ["mail.contoso.test", "*.fabrikam.test"]
    pem = authority.sign_authority(request(), subject="front1", names=names, usage="server", days=730)
    facts = openssl.facts(pem)
    assert (set(facts.permitted), set(facts.usages)) == ({"mail.contoso.test", "fabrikam.test"}, {"server"})
    made = x509.load_pem_x509_certificate(pem.encode()).extensions
    basic = made.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    constraints = made.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert {str(each.value) for each in constraints.value.excluded_subtrees or ()} == {"0.0.0.0/0", "::/0"}


def test_a_host_is_listed_and_revoked(authorities: Authorities, tmp_path: Path) -> None:
    authorities.roots()
    pem = own_ca(tmp_path)
    authorities.record("front1", pem, name=NAME, usage="client")
    assert authorities.peers() == {"front1": pem}
    authorities.revoke("front1")
    assert authorities.peers() == {}
    with pytest.raises(StateError, match=rf"^{NAME}: its key was revoked and is still in use"):
        authorities.record("front1", pem, name=NAME, usage="client")
    with pytest.raises(StateError) as caught:
        authorities.revoke("front1")
    assert str(caught.value) == "front1: it has no certificate that could be revoked; those who have: none"
    (tmp_path / "host.key").unlink()
    authorities.record("front1", own_ca(tmp_path), name=NAME, usage="client")


@pytest.mark.parametrize(
    ("names", "usage", "extra"),
    [
        (("back1.contoso.test",), "client", ""),
        ((NAME, "back1.contoso.test"), "client", ""),
        ((NAME,), "server", ""),
        ((NAME,), "client", "extendedKeyUsage = clientAuth, serverAuth"),
        ((NAME,), "client", "basicConstraints = critical, CA:TRUE, pathlen:1"),
        ((NAME,), "client", f"nameConstraints = permitted;DNS:{NAME}"),
        ((NAME,), "client", f"nameConstraints = critical, permitted;DNS:{NAME}"),
    ],
)
def test_a_host_that_wants_to_speak_for_more_is_not_listed(
    authorities: Authorities, tmp_path: Path, names: tuple[str, ...], usage: str, extra: str
) -> None:
    authorities.roots()
    pem = own_ca(tmp_path, names, usage, extra)
    with pytest.raises(StateError) as caught:
        authorities.record("front1", pem, name=NAME, usage="client")
    assert str(caught.value) == f"{NAME}: its own CA may speak for more than itself; remove it and run again"
    assert authorities.peers() == {}


def test_what_is_no_ca_is_not_listed(authorities: Authorities) -> None:
    pem = authorities.roots().pem
    with pytest.raises(StateError) as caught:
        authorities.record("front1", pem, name=NAME, usage="client")
    assert str(caught.value) == f"{NAME}: what it calls its own CA is none; remove it and run again"


def test_a_backup_brings_everything_back_but_the_passphrase(authorities: Authorities, tmp_path: Path) -> None:
    authorities.roots()
    authorities.record("front1", own_ca(tmp_path), name=NAME, usage="client")
    authorities.begin()
    folder, file = tmp_path / "private/ca", tmp_path / "ca.tar.gz"
    before = {path.relative_to(folder): path.read_text() for path in folder.rglob("*") if path.is_file()}
    said = authorities.backup(file)
    rest = f"the passphrase is not in it, so keep {folder}/passphrase as well, elsewhere"
    assert said == f"{file}: the CA, its key encrypted; {rest}"
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as tar:
        assert "passphrase" not in tar.getnames()
    with pytest.raises(StateError, match="there is a CA; a backup is only brought where there is none"):
        authorities.restore(file)
    with pytest.raises(StateError, match="is there already; name another file"):
        authorities.backup(file)
    passphrase = (folder / "passphrase").read_text()
    shutil.rmtree(folder)
    with pytest.raises(StateError, match="passphrase is missing"):
        authorities.restore(file)
    (folder / "passphrase").write_text(passphrase)
    assert {path.relative_to(folder): path.read_text() for path in folder.rglob("*") if path.is_file()} == before
    assert authorities.roots().above
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["../key.pem", "/etc/shadow", "peers/../../x"])
def test_a_backup_of_something_else_is_not_brought(authorities: Authorities, tmp_path: Path, name: str) -> None:
    (tmp_path / "evil").write_text("x")
    with tarfile.open(tmp_path / "file", "w:gz") as tar:
        tar.add(tmp_path / "evil", arcname=name)
    with pytest.raises(StateError, match="is in no backup of a CA"):
        authorities.restore(tmp_path / "file")
