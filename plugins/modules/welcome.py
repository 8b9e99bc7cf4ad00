# SPDX-License-Identifier: GPL-3.0-or-later
"""The message that a new mailbox begins with."""

from __future__ import annotations

DOCUMENTATION = r"""
module: welcome
short_description: Deliver a message to mailboxes into which nothing has come yet
description:
  - A mailbox is new while it has no folder on the host. V(noted) notes new mailboxes, and has to come before mail can
    reach them; V(delivered) delivers to those that are noted, over LMTP (RFC 2033), and takes the note away.
  - Each gets the message once. A note that outlives a run that was interrupted is honoured by the next one, which first
    looks for the message in the mailbox.
  - A mailbox that does not take it, since it is full for example, is told as a warning, and the next run tries again.
options:
  state:
    description: What to do.
    type: str
    choices: [noted, delivered]
    required: true
  mailboxes:
    description: Addresses of those who are to get it, each with the place of its text in O(texts), from 0.
    type: dict
    required: true
  texts:
    description: What the message may say.
    type: list
    elements: dict
    required: true
    suboptions:
      subject: {description: The subject., type: str, required: true}
      text: {description: 'The text, in which C(%ADDRESS%) stands for the address.', type: str, required: true}
  only:
    description: An address; with it nothing is done for others, and their notes stay.
    type: str
  sender:
    description: Whom the message is from. It is sent with the empty reverse-path, so that nothing comes back.
    type: str
    required: true
  homes:
    description: Where mailboxes are, each as C(DOMAIN/NAME).
    type: path
    required: true
  folder:
    description: Where notes are kept.
    type: path
    required: true
  socket:
    description: Dovecot's socket for LMTP.
    type: path
    required: true
attributes:
  check_mode: {support: full, description: Says who would get the message.}
  diff_mode: {support: none, description: There is no former state.}
"""

EXAMPLES = r"""
- name: New mailboxes are noted
  mailpair.mail.welcome:
    state: noted
    mailboxes: {ada@contoso.test: 0}
    texts: [{subject: Your mailbox, text: 'Good morning, %ADDRESS%.'}]
    sender: postmaster@contoso.test
    homes: /srv/vmail
    folder: /var/lib/mailpair/welcome
    socket: /run/dovecot/lmtp
"""

RETURN = r"""
welcomed:
  description: Who got the message, or would in check mode.
  returned: always
  type: list
  elements: str
  sample: [ada@contoso.test]
"""

import hashlib
import os
import smtplib
import socket
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, unquote

from ansible.module_utils.basic import AnsibleModule

TIMEOUT = 60  # seconds for an answer of Dovecot's
_TOLD = 5  # mailboxes that a warning names


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["noted", "delivered"], "required": True},
            "mailboxes": {"type": "dict", "required": True},
            "texts": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "subject": {"type": "str", "required": True},
                    "text": {"type": "str", "required": True},
                },
            },
            "only": {"type": "str"},
            "sender": {"type": "str", "required": True},
            "homes": {"type": "path", "required": True},
            "folder": {"type": "path", "required": True},
            "socket": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    run(module)


def run(module: AnsibleModule) -> None:
    """Note or deliver, and end the module."""
    params: dict[str, Any] = module.params
    noted = _noted(params["folder"])
    if params.get("only"):
        noted &= {params["only"]}
    new = [each for each in params["mailboxes"] if each not in noted and not os.path.exists(_home(module, each))]
    waiting = sorted({*noted, *new} & params["mailboxes"].keys())
    if params["state"] == "noted":
        gone = sorted(noted - params["mailboxes"].keys())
        if not module.check_mode:
            _note(params["folder"], new, gone)
        module.exit_json(changed=bool(new or gone), welcomed=[])
    if module.check_mode:
        module.exit_json(changed=bool(waiting), welcomed=waiting)
    welcomed, warnings = _deliver(module, [each for each in waiting if each in noted])
    module.exit_json(changed=bool(welcomed), welcomed=welcomed, warnings=warnings)


def _noted(folder: str) -> set[str]:
    try:
        return {unquote(name) for name in os.listdir(folder)}
    except FileNotFoundError:
        return set()


def _note(folder: str, new: list[str], gone: list[str]) -> None:
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for address in new:
        os.close(os.open(_path(folder, address), os.O_CREAT | os.O_WRONLY, 0o600))
    for address in gone:
        os.unlink(_path(folder, address))


def _path(folder: str, address: str) -> str:
    return os.path.join(folder, quote(address, safe="@"))


def _home(module: AnsibleModule, address: str) -> str:
    name, _, domain = address.rpartition("@")
    return os.path.join(module.params["homes"], domain, name)


def _deliver(module: AnsibleModule, addresses: list[str]) -> tuple[list[str], list[str]]:
    """Deliver to each; returns who got it, and what to warn of."""
    folder: str = module.params["folder"]
    welcomed: list[str] = []
    refused: dict[str, str] = {}
    client: smtplib.LMTP | None = None
    for done, address in enumerate(addresses):
        try:
            if not _has_it(module, address):
                client = client or _connect(module.params["socket"])
                client.sendmail("", [address], _message(module, address).as_bytes())
                welcomed.append(address)
            os.unlink(_path(folder, address))
        except smtplib.SMTPRecipientsRefused as error:
            refused[address] = _said(*error.recipients[address])
        except smtplib.SMTPResponseException as error:
            refused[address] = _said(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            refused |= dict.fromkeys(addresses[done:], str(error))
            break
    if client:
        with suppress(OSError, smtplib.SMTPException):
            client.quit()
    return welcomed, _warnings(refused)


def _connect(path: str) -> smtplib.LMTP:
    return smtplib.LMTP(path, local_hostname=socket.gethostname(), timeout=TIMEOUT)


def _has_it(module: AnsibleModule, address: str) -> bool:
    """Whether it came in a run that was interrupted; a mailbox without a folder has nothing."""
    if not os.path.exists(_home(module, address)):
        return False
    look = ["doveadm", "search", "-u", address, "mailbox", "*", "header", "Message-ID", _message_id(address)]
    code, out, _ = module.run_command(look)
    return code == 0 and bool(out.strip())


def _message_id(address: str) -> str:
    """Always the same for a mailbox, so that the message is found again (RFC 5322, section 3.6.4)."""
    return f"<welcome.{hashlib.sha256(address.encode()).hexdigest()[:32]}@{address.rpartition('@')[2]}>"


def _message(module: AnsibleModule, address: str) -> EmailMessage:
    text = module.params["texts"][int(module.params["mailboxes"][address])]
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["From"], message["To"], message["Subject"] = module.params["sender"], address, text["subject"]
    message["Date"], message["Message-ID"] = formatdate(localtime=True), _message_id(address)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834, section 5: no program answers it
    message.set_content(text["text"].replace("%ADDRESS%", address))
    return message


def _said(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"


def _warnings(refused: dict[str, str]) -> list[str]:
    """One for those who did not get it, with the reasons of the first few."""
    if not refused:
        return []
    told = [f"{address}: {reason}" for address, reason in list(refused.items())[:_TOLD]]
    more = [f"and {len(refused) - _TOLD} more"] if len(refused) > _TOLD else []
    return [f"the welcome message is not delivered yet, the next run tries again: {'; '.join([*told, *more])}"]


if __name__ == "__main__":
    main()
