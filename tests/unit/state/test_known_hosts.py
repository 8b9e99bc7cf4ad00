"""Pinned host keys, as OpenSSH reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpair import known_hosts

ED = "ssh-ed25519 AAAAC3Nz"
EC = "ecdsa-sha2-nistp256 AAAAE2Vj"

hosts = st.sampled_from(["10.0.0.1", "10.0.0.11", "fd00::1", "[10.0.0.1]:2222", "front1.contoso.test"])
keys = st.lists(st.sampled_from([ED, EC, "ssh-rsa AAAAB3Nz"]), unique=True, max_size=3)


def test_a_host_gets_its_keys_without_their_comments() -> None:
    assert known_hosts.replace("", "10.0.0.1", [f"{ED} root@front1", f"{EC}\n"]) == f"10.0.0.1 {ED}\n10.0.0.1 {EC}\n"


def test_other_lines_stay_as_they_are() -> None:
    text = f"# by hand\n@revoked * {ED}\n10.0.0.11 {ED} kept\nfront1,10.0.0.1 {ED}\n10.0.0.1 {EC}\n\n|1|hash= {ED}"
    assert known_hosts.replace(text, "10.0.0.1", [ED]) == (
        f"# by hand\n@revoked * {ED}\n10.0.0.11 {ED} kept\nfront1 {ED}\n\n|1|hash= {ED}\n10.0.0.1 {ED}\n"
    )


@given(st.lists(st.tuples(hosts, keys), max_size=6), hosts)
def test_the_last_word_on_a_host_counts(changes: list[tuple[str, list[str]]], asked: str) -> None:
    text = ""
    for host, given_keys in changes:
        text = known_hosts.replace(text, host, given_keys)
    last = [given_keys for host, given_keys in changes if host == asked]
    assert known_hosts.pinned(text, asked) == tuple(last[-1] if last else ())


@pytest.mark.parametrize("key", ["", "ssh-ed25519", "AAAA BBBB", f"{ED}\n10.0.0.2 {ED}", "front1 ssh-ed25519 AAAA"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not an SSH host key"):
        known_hosts.replace("", "10.0.0.1", [key])


def test_a_port_other_than_22_is_part_of_the_name() -> None:
    assert known_hosts.host_pattern("10.0.0.1") == "10.0.0.1"
    assert known_hosts.host_pattern("10.0.0.1", 2222) == "[10.0.0.1]:2222"
