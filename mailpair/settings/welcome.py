"""The message that new mailboxes begin with."""

from __future__ import annotations

from mailpair.settings.notation import BOOLEAN, ListOf, word
from mailpair.settings.record import Answer, Group, Parameter
from mailpair.settings.values import Language

WELCOME_MESSAGE = Group(
    "welcome_message",
    "A message that each new mailbox begins with: what its owner enters in a mail program.",
    (
        Parameter(
            name="enabled",
            notation=BOOLEAN,
            default=False,
            answer=Answer.OURS,
            source="none",
            text=(
                "Whether a mailbox into which nothing has come yet gets it, once, as soon as a way to read it is "
                "published that its owner may use."
            ),
            test="tests/e2e/test_welcome.py::test_a_new_mailbox_begins_with_its_settings_once",
            how="a run of site.yml or mailboxes.yml delivers it by LMTP on the mailbox's back end",
        ),
        Parameter(
            name="languages",
            notation=ListOf(word(Language), at_least=1),
            default=["en"],
            answer=Answer.OURS,
            source="none",
            text="Its languages, one after another in the same message.",
            test="tests/e2e/test_welcome.py::test_it_says_the_same_in_each_language",
        ),
    ),
)
