from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from mailpair.passwords import make_hash
from mailpair.plan.accounts import DECOY, PROTOCOLS, accounts, logins
from mailpair.site.model import Kind
from tests.unit.plan.sites import NO_PROTOCOL, mailbox, site

ADA = mailbox("ada@contoso.test")
NO_POP = replace(mailbox("bob@contoso.test"), pop_enabled=False)
NO_IMAP = replace(mailbox("carol@contoso.test"), imap_enabled=False)
# As a document that says too much would have them: what they are decides, not their flags.
NOBODIES = tuple(
    replace(mailbox(f"{kind.value}@contoso.test", kind=kind), pop_enabled=True, imap_enabled=True)
    for kind in (Kind.ADMINISTRATOR, Kind.ANONYMOUS, Kind.GUEST)
)
SITE = site(
    mailboxes=(ADA, NO_POP, NO_IMAP, *NOBODIES),
    imap_settings=replace(NO_PROTOCOL, proxy_target_port=1993),
    pop_settings=replace(NO_PROTOCOL, proxy_target_port=1995),
)


@pytest.mark.parametrize(
    ("protocol", "names"),
    [
        ("imap", ["ada", "bob"]),
        ("pop3", ["ada", "carol"]),
        ("smtp", ["ada", "bob", "carol"]),
        ("portal", ["ada", "bob", "carol"]),
    ],
)
def test_who_may_sign_in(protocol: str, names: list[str]) -> None:
    assert [each.address.partition("@")[0] for each in accounts(SITE, protocol)] == names


def test_a_protocol_that_there_is_not() -> None:
    with pytest.raises(ValueError, match=r"^'ftp' must be one of imap, pop3, smtp, portal$"):
        accounts(SITE, "ftp")


def test_a_front_end_learns_the_way_to_the_mailbox() -> None:
    table = logins(SITE, "$argon2id$of {}".format, {"back1": "back1.contoso.test"})
    assert table.columns == ("address", "protocol", "password", "host", "port")
    assert {row[1:] for row in table.rows if row[0] == "ada@contoso.test"} == {
        ("imap", "$argon2id$of ada@contoso.test", "back1.contoso.test", 1993),
        ("pop3", "$argon2id$of ada@contoso.test", "back1.contoso.test", 1995),
        ("smtp", "$argon2id$of ada@contoso.test", None, None),
        ("portal", "$argon2id$of ada@contoso.test", None, None),
    }


def test_without_back_ends_there_is_the_password_alone() -> None:
    table = logins(SITE, "$argon2id$of {}".format)
    assert {row[3:] for row in table.rows} == {(None, None)}


def test_nobody_s_row_has_what_stands_in_for_unknown_users() -> None:
    assert [row for row in logins(SITE, str).rows if not row[0]] == [("", "", DECOY, None, None)]


def test_each_may_sign_in_over_what_is_theirs() -> None:
    rows = logins(SITE, str).rows
    for protocol in PROTOCOLS:
        assert [row[0] for row in rows if row[1] == protocol] == [each.address for each in accounts(SITE, protocol)]


def test_a_disabled_account_is_in_no_directory() -> None:
    whole = site(mailboxes=(replace(ADA, account_disabled=True),))
    assert [accounts(whole, protocol) for protocol in PROTOCOLS] == [(), (), (), ()]


def test_what_stands_in_for_unknown_users_costs_what_others_cost() -> None:
    assert parameters(DECOY) == parameters(make_hash("x"))


def test_what_stands_in_for_unknown_users_is_the_hash_of_no_password() -> None:
    assert base64.b64decode(f"{DECOY.rsplit('$', 1)[1]}=") == bytes(32)


def parameters(phc: str) -> tuple[list[str], list[int]]:
    """What a hash says of how it was made, and how long its salt and itself are."""
    *said, salt, value = phc.split("$")
    return said, [len(salt), len(value)]
