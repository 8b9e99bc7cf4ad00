"""A page for a mailbox's owner, to be printed or sent: the settings, and what to know before choosing among them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from mailpair.publish.clients import ClientProtocol, View, client_settings
from mailpair.servers import Server
from mailpair.settings.values import CalendarItemRetrievalOption, Language
from mailpair.site.model import Mailbox, Protocol, Site

LANGUAGES = tuple(each.value for each in Language)


def handout(site: Site, servers: Sequence[Server], mailbox: Mailbox, language: str) -> str:
    """The page as HTML that needs nothing else; ``language`` is one of LANGUAGES."""
    return template("handout.html.j2").render(content(site, servers, mailbox, language))


def content(site: Site, servers: Sequence[Server], mailbox: Mailbox, language: str) -> dict[str, Any]:
    """What templates are given; ``views`` is empty where nothing is published that the owner may use."""
    told = {view: client_settings(site, servers, mailbox, view) for view in View}
    protocols = {each.protocol for settings in told.values() for each in settings}
    pop, imap = ClientProtocol.POP in protocols, ClientProtocol.IMAP in protocols
    return {
        "language": language,
        "text": texts(language),
        "address": mailbox.address,
        "views": [{"name": view.value, "settings": settings} for view, settings in told.items() if settings],
        "pop": pop,
        "imap": imap,
        "both": pop and imap,
        "attached": _attached(site, mailbox),
        "page": f"https://{site.web_site.host_name}/" if site.web_site.enabled else "",
    }


def _attached(site: Site, mailbox: Mailbox) -> bool:
    """Whether a meeting request comes as it is, and not as a link."""
    option = site.protocol_settings(Protocol.IMAP4).calendar_item_retrieval_option
    return option is CalendarItemRetrievalOption.ICALENDAR or mailbox.imap_force_ical_for_calendar_retrieval_option


@cache
def texts(language: str) -> dict[str, Any]:
    """What the page says in a language."""
    found: dict[str, Any] = json.loads((files(__package__) / "texts" / f"handout.{language}.json").read_text("utf-8"))
    return found


@cache
def template(name: str) -> jinja2.Template:
    """A template by its name; what goes into one for HTML is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        autoescape=jinja2.select_autoescape(["html.j2"], default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template(name)
