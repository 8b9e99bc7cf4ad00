from __future__ import annotations

from dataclasses import replace

from mailpair.plan import calendar, mailbox
from mailpair.servers import Role, Server
from mailpair.settings.values import CalendarItemRetrievalOption
from tests.unit.plan.sites import NO_PROTOCOL, site
from tests.unit.plan.sites import mailbox as box

BACK = Server("back1", Role.MAILBOX, "back1.contoso.test", ("10.0.0.12",))
CUSTOM = replace(
    NO_PROTOCOL,
    calendar_item_retrieval_option=CalendarItemRetrievalOption.CUSTOM,
    owa_server_url="https://mail.contoso.test/owa",
)
AS_IT_COMES = replace(
    box("bob@contoso.test"),
    imap_force_ical_for_calendar_retrieval_option=True,
    pop_force_ical_for_calendar_retrieval_option=True,
)
BOXES = (box("ada@contoso.test"), AS_IT_COMES)


def test_icalendar_needs_nothing() -> None:
    planned = mailbox.plan(site(mailboxes=BOXES), (BACK,), BACK)
    assert planned.calendar is None
    assert [each.fields for each in planned.mailboxes] == [(), ()]


def test_custom_links_and_a_mailbox_may_keep_what_comes() -> None:
    planned = mailbox.plan(site(imap_settings=CUSTOM, pop_settings=CUSTOM, mailboxes=BOXES), (BACK,), BACK)
    assert planned.calendar == calendar.CalendarPlan("https://mail.contoso.test/owa")
    assert [each.fields for each in planned.mailboxes] == [
        (),
        ("userdb_sieve_script/calendar/sieve_script_path=/etc/dovecot/sieve/as-it-came.sieve",),
    ]
