"""The two documents of a site as a whole, made of all records."""

from __future__ import annotations

from mailpair.settings.accounts import MAILBOX
from mailpair.settings.backup import BACKUP
from mailpair.settings.certificates import CERTIFICATE
from mailpair.settings.connectors import (
    READY_DIFFERENCES,
    READY_RECEIVE_CONNECTORS,
    RECEIVE_CONNECTOR,
    REFUSED_RECEIVE_CONNECTORS,
    SEND_CONNECTOR,
)
from mailpair.settings.dkim import DKIM_SIGNING_CONFIG
from mailpair.settings.guessing import WRONG_PASSWORDS
from mailpair.settings.metrics import METRICS
from mailpair.settings.names import ADDRESS, DOMAIN, KEYTAB, SERVER, TITLE
from mailpair.settings.notation import ListOf, whole_number
from mailpair.settings.protocols import IMAP_SETTINGS, POP_SETTINGS, SERVER_SETTINGS, SERVICES
from mailpair.settings.quotas import MAILBOX_DATABASE
from mailpair.settings.record import Answer, Group, Named, Parameter
from mailpair.settings.upgrades import SECURITY_UPGRADES
from mailpair.settings.virtual_address import VIRTUAL_ADDRESS
from mailpair.settings.web_site import WEB_SITE
from mailpair.settings.welcome import WELCOME_MESSAGE

VERSION = 1

SITE = Group(
    "mailpair_site",
    "What the site offers.",
    (
        Parameter(
            name="version",
            notation=whole_number(VERSION, VERSION),
            default=VERSION,
            answer=Answer.OURS,
            source="none",
            text="The form of this document.",
            test="tests/unit/site/test_wrong_values.py::test_a_wrong_value_is_refused_word_for_word",
        ),
        Parameter(
            name="accepted_domains",
            notation=ListOf(DOMAIN, at_least=1),
            answer=Answer.NATIVE,
            source="New-AcceptedDomain -DomainName",
            text="The domains whose mail is for mailboxes here. Servers without a full name take the first.",
            test="tests/e2e/test_settings.py::test_a_further_address_reaches_its_mailbox_and_may_be_sent_from",
            required=True,
        ),
        SERVICES,
        POP_SETTINGS,
        IMAP_SETTINGS,
        Named(
            "receive_connectors",
            "Doors for mail on the front ends. Client Frontend (587, for users' mail programs) and Default Frontend "
            "(25, for other servers) are there with Exchange's defaults, whether they are named here or not, until "
            "enabled is set to false.",
            TITLE,
            RECEIVE_CONNECTOR,
            READY_RECEIVE_CONNECTORS,
            REFUSED_RECEIVE_CONNECTORS,
            READY_DIFFERENCES,
        ),
        Named("send_connectors", SEND_CONNECTOR.text, TITLE, SEND_CONNECTOR),
        Named(
            "certificates",
            "Certificates of the front ends, any number. Where there is none, the site's CA issues one with all "
            "names in use. See docs/certificates.md.",
            TITLE,
            CERTIFICATE,
        ),
        Named(
            "dkim_signing_configs",
            "Domains whose outgoing mail is signed (DKIM), each an accepted domain. There is nothing of the kind in "
            "Exchange Server; the words are those of Exchange Online.",
            DOMAIN,
            DKIM_SIGNING_CONFIG,
        ),
        WEB_SITE,
        WELCOME_MESSAGE,
        WRONG_PASSWORDS,
        SECURITY_UPGRADES,
        METRICS,
        BACKUP,
        MAILBOX_DATABASE,
        Parameter(
            name="kerberos_keytab",
            notation=KEYTAB,
            unsaid="no Kerberos",
            answer=Answer.OURS,
            source="none; Active Directory gives Exchange its keys",
            text=(
                "The name of the file under private/keytabs with the keys of the services imap, pop and smtp on the "
                "names that clients use, for signing in with Kerberos tickets."
            ),
            test="tests/e2e/test_kerberos.py::test_a_ticket_lets_its_owner_in_and_nobody_else",
            how="a keytab on front ends, readable to Dovecot alone",
        ),
        VIRTUAL_ADDRESS,
        Named("servers", SERVER_SETTINGS.text, SERVER, SERVER_SETTINGS),
    ),
)

MAILBOXES = Group(
    "mailpair_mailboxes",
    "Who has a mailbox, and where: the addresses stand right below this key.",
    (Named("mailboxes", MAILBOX.text, ADDRESS, MAILBOX),),
)
