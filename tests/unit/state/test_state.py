"""The private folder of a site: made once, kept private, and clear about what a person has to mend."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from mailpair.state import PASSPHRASE_VARIABLE, SiteState
from tests.unit.state.refusals import told

ADA = "ada@contoso.test"
ED = "ssh-ed25519 AAAAC3Nz"


# The folder


def test_a_look_at_paths_makes_nothing(state: SiteState, tmp_path: Path) -> None:
    paths = [state.root, state.ca_certificate, state.known_hosts, state.ssh_key, state.password_file(ADA)]
    assert state.pinned_keys("10.0.0.1") == ()
    assert all(path.is_relative_to(tmp_path / "private") for path in paths)
    assert list(tmp_path.iterdir()) == []


def test_everything_is_its_owner_s_alone(state: SiteState) -> None:
    before = os.umask(0)
    try:
        state.certificate_authority()
        state.ensure_ssh_key()
        state.pin_host("10.0.0.1", [ED])
        state.password_hash(ADA)
        state.set_password("bob@contoso.test", "hunter2")
    finally:
        os.umask(before)
    assert stat.S_IMODE(state.root.stat().st_mode) == 0o700
    for path in state.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_that_was_open_to_others_is_closed(state: SiteState) -> None:
    state.ensure_password(ADA)
    state.root.chmod(0o755)
    state.password_file(ADA).parent.chmod(0o755)
    state.password_file(ADA).chmod(0o644)
    state.password_hash(ADA)
    assert stat.S_IMODE(state.root.stat().st_mode) == 0o700
    assert stat.S_IMODE(state.password_file(ADA).parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(state.password_file(ADA).stat().st_mode) == 0o600


def test_a_site_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = SiteState(tmp_path / "none")
    assert told(missing.ensure_ssh_key) == (
        f"{tmp_path / 'none' / 'private' / 'ssh'} can't be made: No such file or directory"
    )


def test_what_the_system_refuses_is_named(state: SiteState) -> None:
    state.ensure_password(ADA)
    lock = state.root / "lock"
    lock.unlink()
    lock.mkdir()
    assert told(lambda: state.password_hash(ADA)) == f"{lock}: Is a directory"


@pytest.mark.parametrize("name", ["../ada", "a/b", "", ".hidden", "a\0b", "a\nb", "\u00fc@contoso.test"])
def test_a_name_never_leads_out_of_the_folder(state: SiteState, name: str) -> None:
    expected = f"{name!r} can't be the name of a file; letters, digits and . _ - + @ can"
    assert told(lambda: state.ensure_password(name)) == expected
    assert told(lambda: state.credential(name)) == expected


# The CA


def test_a_site_has_one_ca(state: SiteState) -> None:
    first = state.certificate_authority().certificate_pem
    assert SiteState(state.root.parent).certificate_authority().certificate_pem == first
    assert state.ca_certificate.read_text() == first


def test_the_ca_s_key_is_encrypted_with_a_passphrase_of_its_own(state: SiteState) -> None:
    state.certificate_authority()
    passphrase = (state.root / "ca" / "passphrase").read_text()
    assert len(passphrase) > 40
    key = (state.root / "ca" / "key.pem").read_bytes()
    serialization.load_pem_private_key(key, passphrase.strip().encode())
    assert key.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    # One wrong passphrase of 256 ends in padding that looks right (RFC 8018, 6.1.2); then the reading fails.
    with pytest.raises(ValueError, match=r"."):
        serialization.load_pem_private_key(key, b"another one")


def test_the_passphrase_may_be_elsewhere(state: SiteState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "passphrase"
    elsewhere.write_text("correct horse battery\nsecond line\n")
    elsewhere.chmod(0o640)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, str(elsewhere))
    first = state.certificate_authority().certificate_pem
    assert state.certificate_authority().certificate_pem == first
    assert not (state.root / "ca" / "passphrase").exists()
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o640
    key = (state.root / "ca" / "key.pem").read_bytes()
    serialization.load_pem_private_key(key, b"correct horse battery")

    elsewhere.write_text("another passphrase\n")
    assert told(state.certificate_authority) == (
        f"{state.root / 'ca'}: the CA's key can't be opened; its passphrase is another one, or it is damaged"
    )
    elsewhere.write_text("too short\n")
    assert told(state.certificate_authority) == (
        f"the first line of {elsewhere} must be the passphrase of the CA's key, of 16 characters or more"
    )
    elsewhere.write_bytes(b"\xff" * 20)
    assert told(state.certificate_authority) == f"{elsewhere} can't be read: it is not text"
    elsewhere.unlink()
    assert told(state.certificate_authority) == (
        f"{elsewhere}, which {PASSPHRASE_VARIABLE} names, is missing; it holds the passphrase of the CA's key in its "
        "first line"
    )


def test_no_new_passphrase_is_made_for_an_old_key(state: SiteState) -> None:
    state.certificate_authority()
    passphrase = state.root / "ca" / "passphrase"
    passphrase.unlink()
    expected = f"{passphrase} is missing; it holds the passphrase of the CA's key in its first line"
    assert told(state.certificate_authority) == expected
    assert not passphrase.exists()


def test_a_lost_key_is_not_replaced_in_silence(state: SiteState) -> None:
    state.certificate_authority()
    key = state.root / "ca" / "key.pem"
    key.unlink()
    assert told(state.certificate_authority) == (
        f"{key} is missing, but its certificate is there; restore the key from a backup, or remove "
        f"{state.ca_certificate} to start a new CA that every client has to be given"
    )


def test_a_ca_that_was_interrupted_in_the_making_is_made(state: SiteState) -> None:
    first = state.certificate_authority().certificate_pem
    state.ca_certificate.unlink()
    second = state.certificate_authority().certificate_pem
    assert second != first
    assert state.certificate_authority().certificate_pem == second


def test_two_that_ask_at_once_get_the_same_ca(tmp_path: Path) -> None:
    def ask(_: int) -> str:
        return SiteState(tmp_path).certificate_authority().certificate_pem

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1


# SSH


def test_the_ssh_key_is_openssh_s_and_stays(state: SiteState) -> None:
    path = state.ensure_ssh_key()
    assert path == state.ssh_key
    private = path.read_bytes()
    key = serialization.load_ssh_private_key(private, None)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    assert public.startswith("ssh-ed25519 ")
    assert state.ssh_public_key() == f"{public} mailpair"
    assert (path.parent / "id_ed25519.pub").read_text() == f"{public} mailpair\n"
    state.ensure_ssh_key()
    assert path.read_bytes() == private


def test_a_lost_public_key_is_made_again_of_the_private_one(state: SiteState) -> None:
    public = state.ssh_public_key()
    state.ssh_key.with_suffix(".pub").unlink()
    assert state.ssh_public_key() == public


def test_an_ssh_key_that_can_t_be_used_is_named(state: SiteState) -> None:
    state.ensure_ssh_key().write_text("hello")
    assert told(state.ensure_ssh_key) == (
        f"{state.ssh_key} is not an SSH key without a passphrase; remove it to have one made"
    )


def test_a_host_is_pinned_replaced_and_forgotten(state: SiteState) -> None:
    state.pin_host("10.0.0.1", [f"{ED} root@front1"])
    state.pin_host("10.0.0.2", [ED], port=2222)
    assert state.pinned_keys("10.0.0.1") == (ED,)
    assert state.pinned_keys("10.0.0.2") == ()
    assert state.pinned_keys("10.0.0.2", port=2222) == (ED,)
    state.pin_host("10.0.0.1", ["ssh-ed25519 BBBB", "ssh-rsa CCCC"])
    assert state.pinned_keys("10.0.0.1") == ("ssh-ed25519 BBBB", "ssh-rsa CCCC")
    state.pin_host("10.0.0.1", [])
    assert state.pinned_keys("10.0.0.1") == ()
    assert state.known_hosts.read_text() == f"[10.0.0.2]:2222 {ED}\n"


def test_a_key_that_is_none_changes_nothing(state: SiteState) -> None:
    state.pin_host("10.0.0.1", [ED])
    assert told(lambda: state.pin_host("10.0.0.1", ["hello"])) == "10.0.0.1: not an SSH host key: 'hello'"
    assert state.pinned_keys("10.0.0.1") == (ED,)


# Credentials


def test_a_credential_is_a_user_and_a_password(state: SiteState) -> None:
    state.ensure_password(ADA)
    folder = state.root / "credentials"
    folder.mkdir()
    (folder / "relay").write_text("site@relay.test:pass:word \n")
    assert state.credential("relay") == ("site@relay.test", "pass:word ")
    assert stat.S_IMODE((folder / "relay").stat().st_mode) == 0o600


def test_a_credential_that_is_none_is_named(state: SiteState) -> None:
    path = state.root / "credentials" / "relay"
    assert told(lambda: state.credential("relay")) == (
        f"{path} is missing; write user:password into it as its one line, with mode 0600"
    )
    for text in ("", "user", ":password\n"):
        path.write_text(text)
        assert told(lambda: state.credential("relay")) == f"{path} must be one line, user:password"
    rule = "must be one line that is not empty, without control characters"
    for text in ("user:", "user:one\ntwo\n"):
        path.write_text(text)
        assert told(lambda: state.credential("relay")) == f"the password in {path} {rule}"
    path.write_text("us\ter:password")
    assert told(lambda: state.credential("relay")) == f"the user in {path} {rule}"
