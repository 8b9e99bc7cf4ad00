"""What the page is given agrees with what users are told everywhere else."""

from __future__ import annotations

import json
import plistlib
from dataclasses import replace
from pathlib import Path

import pytest

from mailpair.plan import plan
from mailpair.plan.role import plain
from mailpair.publish import ClientProtocol, View, client_settings
from mailpair.publish.page import page
from mailpair.publish.profile import profile
from mailpair.servers import Role, Server
from mailpair.site import Site, load
from mailpair.site.model import Kind
from portal import profiles
from portal.published import Published, parse

LAB = Path(__file__).parents[3] / "inventories/lab"
SERVERS = (
    Server("front1", Role.CLIENT_ACCESS, "front1.contoso.test", ("192.0.2.1",)),
    Server("back1", Role.MAILBOX, "back1.contoso.test", ("192.0.2.2",)),
)


@pytest.fixture(scope="module")
def site() -> Site:
    """The lab's, with the page on and one mailbox of each kind."""
    whole = load(LAB)
    first = whole.mailboxes[0]
    more = (
        replace(first, address="no-pop@contoso.test", pop_enabled=False),
        replace(first, address="no-imap@contoso.test", imap_enabled=False),
        replace(first, address="neither@contoso.test", pop_enabled=False, imap_enabled=False),
        replace(first, address="disabled@contoso.test", account_disabled=True),
        *(replace(first, address=f"{kind.value}@contoso.test", kind=kind) for kind in Kind if kind is not Kind.USER),
    )
    return replace(whole, web_site=replace(whole.web_site, enabled=True), mailboxes=(*whole.mailboxes, *more))


def published(site: Site) -> Published:
    """What the page reads of what the controller writes."""
    return parse(json.dumps(plan(site, SERVERS, SERVERS[0])["portal"]["published"]).encode())


def test_who_may_not_sign_in_is_not_in_it(site: Site) -> None:
    users = {mailbox.address for mailbox in site.mailboxes if mailbox.kind is Kind.USER}
    assert {*published(site).mailboxes} == users - {"disabled@contoso.test"}


@pytest.mark.parametrize("view", View, ids=lambda view: view.value)
def test_each_user_is_shown_what_the_mailbox_may_use(site: Site, view: View) -> None:
    data = published(site)
    for mailbox in site.mailboxes:
        if mailbox.address in data.mailboxes:
            told = client_settings(site, SERVERS, mailbox, view)
            shown = getattr(data.shown(mailbox.address), view.value)
            assert [(each.protocol, each.server, each.port, each.encryption) for each in shown] == [
                (each.protocol.value.lower(), each.server, each.port, each.encryption.value) for each in told
            ]


@pytest.mark.parametrize("cas", [(), (b"DER",), (b"new", b"old")], ids=len)
@pytest.mark.parametrize("protocol", [ClientProtocol.POP, ClientProtocol.IMAP], ids=lambda protocol: protocol.value)
def test_the_page_s_profiles_are_those_of_the_site(
    site: Site, protocol: ClientProtocol, cas: tuple[bytes, ...]
) -> None:
    data = published(site)
    name = protocol.value.lower()
    for mailbox in site.mailboxes:
        if mailbox.address in data.mailboxes:
            made = profile(site, mailbox, protocol, SERVERS, cas)
            assert (made is not None) is (name in data.shown(mailbox.address).profiles)
            if made is not None:
                own = profiles.profile(data.profiles[name], data.authority, cas, mailbox.address)
                assert plistlib.loads(own) == plistlib.loads(made)


def test_by_default_there_is_no_page(site: Site) -> None:
    off = replace(site, web_site=replace(site.web_site, enabled=False))
    planned = plan(off, SERVERS, SERVERS[0])["portal"]
    assert (planned["running"], planned["packages"], planned["published"]) == (False, [], {})


def test_its_address_is_the_site_s(site: Site) -> None:
    assert page(site, SERVERS)["address"] == "https://mail.contoso.test/"
    assert plain(page(site, SERVERS)) == page(site, SERVERS)
