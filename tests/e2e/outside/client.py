"""Says SMTP commands to a server and prints each answer.

client.py ADDRESS PORT, with JSON on standard input: ``{"tls": bool, "commands": [command, ...]}``. A command that
begins with a line end is sent as the content of a message. The output is a JSON list of ``[code, text]``, the greeting
first.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import sys


def main(address: str, port: int) -> None:
    """Talk."""
    talk = json.load(sys.stdin)
    client = smtplib.SMTP(timeout=60)
    answers = [client.connect(address, port)]
    client._host = address  # type: ignore[attr-defined]  # STARTTLS wants to know, and connect() does not tell
    if talk["tls"]:
        answers.append(client.starttls(context=ssl._create_unverified_context()))
    for command in talk["commands"]:
        client.send(command.removeprefix("\n").encode("latin-1") + b"\r\n")
        answers.append(client.getreply())
    client.close()
    json.dump([[code, text.decode("latin-1")] for code, text in answers], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
