"""The configuration about DNS, and what is said about a wrong one, word for word; the key is in no text."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_stack.dns_config import DnsConfig, Secret, parse_dns

GOOD = {"server": "ns1.contoso.test", "zone": "contoso.test", "key_name": "mailpair"}
KEY = Secret("c2VjcmV0")
KEYS = "server, port, zone, key_name, algorithm, ttl, leave_out"
KEY_NAME_RULE = "must be the key's name as the server has it, of letters, digits, hyphens, underscores and dots"


def test_it_is_off_by_default() -> None:
    assert parse_dns(None, None) == (None, [])


def test_what_is_not_given_has_a_default() -> None:
    config = DnsConfig("ns1.contoso.test", 53, "contoso.test", "mailpair", "hmac-sha256", 3600, (), "c2VjcmV0")
    assert parse_dns(GOOD, KEY) == (config, [])
    assert "c2VjcmV0" not in repr((config, KEY))


def test_every_setting_is_used() -> None:
    raw = {
        "server": "2001:DB8::53",
        "port": 5353,
        "zone": "Contoso.test",
        "key_name": "Mailpair.Contoso.test",
        "algorithm": "HMAC-SHA512",
        "ttl": 300,
        "leave_out": ["contoso.test TXT"],
    }
    assert parse_dns(raw, KEY) == (
        DnsConfig(
            "2001:db8::53",
            5353,
            "contoso.test",
            "mailpair.contoso.test",
            "hmac-sha512",
            300,
            ("contoso.test TXT",),
            "c2VjcmV0",
        ),
        [],
    )


@pytest.mark.parametrize(
    ("changed", "key", "lines"),
    [
        (
            {"keyname": "c2VjcmV0"},
            KEY,
            [f"dns.keyname: not shown: is no setting here; these are: {KEYS}; the key is dns_key"],
        ),
        ({"server": None}, KEY, ["dns.server: missing: must be given"]),
        (
            {"server": "ns1"},
            KEY,
            ["dns.server: 'ns1': must be a full name of letters, digits and hyphens, such as mail.contoso.com"],
        ),
        ({"port": 0}, KEY, ["dns.port: 0: must be a whole number from 1 to 65535"]),
        ({"port": "53"}, KEY, ["dns.port: '53': must be a whole number from 1 to 65535; write it without quotes"]),
        ({"zone": None}, KEY, ["dns.zone: missing: must be given"]),
        (
            {"zone": "test"},
            KEY,
            ["dns.zone: 'test': must be a full name of letters, digits and hyphens, such as mail.contoso.com"],
        ),
        ({"key_name": None}, KEY, ["dns.key_name: missing: must be given"]),
        # As some tools write it: with the key.
        ({"key_name": "mailpair:c2VjcmV0"}, KEY, [f"dns.key_name: not shown: {KEY_NAME_RULE}"]),
        ({"key_name": "x" * 64}, KEY, [f"dns.key_name: not shown: {KEY_NAME_RULE}"]),
        (
            {"algorithm": "hmac-md5"},
            KEY,
            ["dns.algorithm: 'hmac-md5': must be hmac-sha256, hmac-sha384 or hmac-sha512"],
        ),
        ({"ttl": 0}, KEY, ["dns.ttl: 0: must be a whole number from 1 to 2147483647"]),
        (
            {"leave_out": "contoso.test TXT"},
            KEY,
            [("dns.leave_out: 'contoso.test TXT': must be a list of names with their types, such as contoso.test TXT")],
        ),
        (
            {},
            None,
            [("dns_key: missing: must be the key that signs changes, in base64; pulumi config set --secret dns_key")],
        ),
        (
            {},
            Secret("not base64"),
            [("dns_key: not shown: must be the key that signs changes, in base64; pulumi config set --secret dns_key")],
        ),
        (
            {},
            "c2VjcmV0",
            [
                (
                    "dns_key: not shown: must be a secret, and this stack's file has it in the clear; "
                    "have a new key made, and set it with pulumi config set --secret dns_key"
                )
            ],
        ),
        (
            {"server": 7, "zone": None, "ttl": -1},
            Secret(""),
            [
                "dns_key: not shown: must be the key that signs changes, in base64; pulumi config set --secret dns_key",
                "dns.server: 7: must be a server's name or address, such as ns1.contoso.com",
                "dns.zone: missing: must be given",
                "dns.ttl: -1: must be a whole number from 1 to 2147483647",
            ],
        ),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, Any], key: Any, lines: list[str]) -> None:
    config, problems = parse_dns({**GOOD, **changed}, key)
    assert ([str(each) for each in problems], config) == (lines, None)
    assert "c2VjcmV0" not in "".join(map(str, problems))


def test_one_is_nothing_without_the_other() -> None:
    for raw, text in (
        (None, f"dns: missing: must be given where dns_key is; it has {KEYS}"),
        ("c2VjcmV0", f"dns: not shown: must be a mapping; it has {KEYS}"),
    ):
        config, problems = parse_dns(raw, KEY)
        assert ([str(each) for each in problems], config) == ([text], None)
