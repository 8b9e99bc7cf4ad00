"""The message that a new mailbox begins with: the handout as plain text, which every mail program shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailpair.publish.handout import content, template, texts
from mailpair.servers import Server
from mailpair.site.model import Mailbox, Site


@dataclass(frozen=True, slots=True)
class Welcome:
    """Subject and text; lines end with a line feed."""

    subject: str
    text: str


def welcome(site: Site, servers: Sequence[Server], mailbox: Mailbox) -> Welcome | None:
    """The message for a mailbox's owner, in the site's languages; None: no way to read it is published."""
    languages = [each.value for each in site.welcome_message.languages]
    parts = [content(site, servers, mailbox, language) for language in languages]
    if not all(part["pop"] or part["imap"] for part in parts):
        return None
    subject = " / ".join(texts(language)["subject"] for language in languages)
    return Welcome(subject, "\n\n".join(template("welcome.txt.j2").render(part) for part in parts))
