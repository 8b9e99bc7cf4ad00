"""Signatures of outgoing mail: what New-DkimSigningConfig sets in Exchange Online; Exchange Server has none."""

from __future__ import annotations

from mailpair.settings.names import SELECTOR
from mailpair.settings.notation import BOOLEAN, only, whole_number
from mailpair.settings.record import WORD_FOR_WORD, Answer, Group, Parameter

_KEY_SIZE = 2048

DKIM_SIGNING_CONFIG = Group(
    "dkim_signing_configs",
    "How the mail of a domain is signed (DKIM).",
    (
        Parameter(
            name="enabled",
            notation=BOOLEAN,
            default=True,
            answer=Answer.OURS,
            source="none; Exchange Online's New-DkimSigningConfig -Enabled",
            text="Whether mail from users of the domain is signed.",
            test="tests/e2e/test_dkim.py::test_what_a_user_sends_has_a_signature_that_holds",
            how="opendkim on front ends",
        ),
        Parameter(
            name="selector",
            notation=SELECTOR,
            default="mailpair",
            answer=Answer.OURS,
            source="none; Exchange Online's selectors are its own",
            text=(
                "What tells the domain's keys apart in DNS. Each front end has a key of its own, under this word, a "
                "hyphen and its name. A new word makes new keys."
            ),
            test="tests/e2e/test_dkim.py::test_a_new_key_takes_over_and_old_signatures_still_hold",
            how="opendkim on front ends",
        ),
        Parameter(
            name="key_size",
            notation=only(
                whole_number(1024, 4096), _KEY_SIZE, "1024 is too weak, and more than 2048 fits into few DNS records"
            ),
            default=_KEY_SIZE,
            answer=Answer.FIXED,
            source="none; Exchange Online's New-DkimSigningConfig -KeySize",
            text="How long the RSA key is: 2048 bits.",
            test=WORD_FOR_WORD,
            how="a module of ours makes keys on each front end",
        ),
    ),
)
