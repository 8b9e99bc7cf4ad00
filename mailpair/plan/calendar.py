"""What becomes of meeting requests as a back end delivers them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailpair.settings.values import CalendarItemRetrievalOption
from mailpair.site.model import Mailbox, Site

FOLDER = "/etc/dovecot/sieve"
AS_IT_CAME = f"{FOLDER}/as-it-came.sieve"


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """Where the link leads, and the files that put it in the place of a meeting request."""

    url: str  # as Sieve quotes it
    script: str = f"{FOLDER}/calendar.sieve"
    as_it_came: str = AS_IT_CAME  # the script of mailboxes that keep meeting requests
    programs: str = "/usr/local/lib/mailpair/sieve"
    program: str = "calendar-link"


def plan(site: Site) -> CalendarPlan | None:
    """Plan the filter; None where nothing is to be filtered. POP3 and IMAP4 agree, since they share one store."""
    settings = site.imap_settings
    if settings.calendar_item_retrieval_option is not CalendarItemRetrievalOption.CUSTOM:
        return None
    if settings.owa_server_url is None:
        raise ValueError("validation lets no Custom pass without owa_server_url")
    return CalendarPlan(settings.owa_server_url.replace("\\", "\\\\").replace('"', '\\"'))


def fields(site: Site, mailbox: Mailbox) -> Iterator[tuple[str, str]]:
    """What Dovecot is told of a mailbox that keeps meeting requests as they came."""
    if plan(site) and mailbox.imap_force_ical_for_calendar_retrieval_option:
        yield "userdb_sieve_script/calendar/sieve_script_path", AS_IT_CAME
