"""The message that a mailbox is nearly full."""

from __future__ import annotations

from email import message_from_bytes, policy

from hostside.quota_warning.__main__ import warning


def test_it_says_who_writes_to_whom_and_that_no_person_does() -> None:
    message = message_from_bytes(warning("postmaster@contoso.test", "ada@contoso.test"), policy=policy.default)
    assert [message[name] for name in ("From", "To", "Subject", "Auto-Submitted")] == [
        "postmaster@contoso.test",
        "ada@contoso.test",
        "Your mailbox is nearly full",
        "auto-generated",
    ]
    assert message["Message-ID"].endswith("@contoso.test>")
    assert message.get_content().startswith("Your mailbox ada@contoso.test is nearly full.")
