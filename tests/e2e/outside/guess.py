"""Signs in many times and says how each went.

guess.py ADDRESS, with JSON on standard input: ``[[protocol, source, user, password], ...]``; ``protocol`` is imap,
pop3, smtp or page, ``source`` an address of this host. The output is a JSON list with ``in``, or what was said instead.
"""

from __future__ import annotations

import http.cookiejar
import imaplib
import json
import poplib
import re
import smtplib
import socket
import ssl
import sys
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

IN = "in"
NAME = "mail.contoso.test"  # of the page
TLS = ssl._create_unverified_context()
ASIDE = 50  # at a time
TIMEOUT = 120.0
_create = socket.create_connection


def imap(server: str, source: str, user: str, password: str) -> str:
    """Over IMAP4."""

    class From(imaplib.IMAP4_SSL):
        def _create_socket(self, timeout: Any) -> Any:
            del timeout
            plain = _create((server, 993), timeout=TIMEOUT, source_address=(source, 0))
            return TLS.wrap_socket(plain)

    try:
        with From(server) as client:
            client.login(user, password)
            return IN
    except imaplib.IMAP4.error as error:
        return str(error)


def pop3(server: str, source: str, user: str, password: str) -> str:
    """Over POP3."""

    class From(poplib.POP3_SSL):
        def _create_socket(self, timeout: Any) -> Any:
            del timeout
            plain = _create((server, 995), timeout=TIMEOUT, source_address=(source, 0))
            return TLS.wrap_socket(plain)

    client = From(server)
    try:
        client.user(user)
        client.pass_(password)
    except poplib.error_proto as error:
        return str(error)
    else:
        return IN
    finally:
        client.close()


def smtp(server: str, source: str, user: str, password: str) -> str:
    """Over SMTP, on 587."""
    with smtplib.SMTP(timeout=TIMEOUT, source_address=(source, 0)) as client:
        client.connect(server, 587)
        client._host = server  # type: ignore[attr-defined]  # STARTTLS wants to know, and connect() does not tell
        client.starttls(context=TLS)
        client.ehlo()
        client.user, client.password = user, password
        try:
            client.auth("PLAIN", client.auth_plain)  # login() would try another way after it
        except smtplib.SMTPAuthenticationError as error:
            return f"{error.smtp_code} {error.smtp_error!r}"
        return IN


def page(server: str, source: str, user: str, password: str) -> str:
    """At the page for users; what it says is the text of its alert."""
    del source  # that of the route
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=TLS), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    )

    def ask(path: str, data: bytes | None = None) -> Any:
        request = urllib.request.Request(
            f"https://{server}/{path}", data, {"Host": NAME, "Referer": f"https://{NAME}/"}
        )
        try:
            return opener.open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            return error

    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', ask("").read().decode())
    fields = {"user": user, "password": password, "csrf_token": token[1] if token else ""}
    answer = ask("sign-in", urllib.parse.urlencode(fields).encode())
    text = answer.read().decode()
    return IN if 'id="password"' not in text else f"{answer.status}"


WAYS = {"imap": imap, "pop3": pop3, "smtp": smtp, "page": page}


def main(server: str) -> None:
    """Try all."""

    def attempt(each: list[str]) -> str:
        protocol, *rest = each
        return WAYS[protocol](server, *rest)

    with ThreadPoolExecutor(ASIDE) as pool:
        json.dump(list(pool.map(attempt, json.load(sys.stdin))), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
