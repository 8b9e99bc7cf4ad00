#!/usr/bin/python3 -IS
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells the owner of a mailbox that it is nearly full: quota-warning POSTMASTER MAILBOX, run by Dovecot as vmail.

Dovecot calls it once each time a mailbox grows past its warning. The message goes in past every quota.
"""

from __future__ import annotations

import subprocess
import sys
from email import policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

TEXT = """\
Your mailbox {mailbox} is nearly full. Once it is full you can send no more mail, and then you will get none either.

Please delete what you no longer need, and empty your deleted items afterwards.
"""


def warning(postmaster: str, mailbox: str) -> bytes:
    """The message, from ``postmaster`` to the owner of ``mailbox``."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = postmaster, mailbox, "Your mailbox is nearly full"
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=postmaster.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(TEXT.format(mailbox=mailbox))
    return bytes(message)


def main() -> int:
    """Entry point; returns what the delivery agent returned."""
    postmaster, mailbox = sys.argv[1:3]
    # An address beside an option, never one itself.
    deliver = ["/usr/lib/dovecot/dovecot-lda", "-o", "quota_storage_size=unlimited", "-f", postmaster, "-d", mailbox]
    return subprocess.run(deliver, input=warning(postmaster, mailbox), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
