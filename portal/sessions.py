"""Who is signed in: a cookie with a signature, short-lived, that is taken no more once its owner has signed out."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from flask import Flask, session

IDLE = 15 * 60  # seconds without a request
LONGEST = 60 * 60  # seconds in all: long enough to set up a mail program


@dataclass
class Sessions:
    """The sessions of an application. What a cookie holds is signed, not secret: an address, its stamp, two numbers."""

    _ended: dict[str, float] = field(default_factory=dict)  # and when they would have ended anyway

    def install(self, app: Flask) -> None:
        """Make the application's cookies what they should be."""
        app.config.update(
            SESSION_COOKIE_NAME="__Host-session",  # browsers hold such to Secure, to Path=/ and to this very host
            SESSION_COOKIE_SECURE=True,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Strict",
            PERMANENT_SESSION_LIFETIME=IDLE,
        )

    def begin(self, user: str, stamp: str) -> None:
        """Sign a user in, with nothing in the new session of what was there before.

        ``stamp`` is that of the account before its password was checked.
        """
        session.clear()
        session.permanent = True
        session.update(user=user, stamp=stamp, began=int(time.time()), id=secrets.token_urlsafe(16))

    def user(self) -> str | None:
        """Who is signed in."""
        if "user" not in session or session["id"] in self._ended or time.time() > session["began"] + LONGEST:
            return None
        return str(session["user"])

    def stamp(self) -> str:
        """The stamp of the account of who is signed in, as it was then."""
        return str(session.get("stamp", ""))

    def end(self) -> None:
        """Sign out; a copy of the cookie opens nothing any more."""
        now = time.time()
        for identity in [identity for identity, end in self._ended.items() if end < now]:
            del self._ended[identity]
        if "id" in session:
            self._ended[session["id"]] = session["began"] + LONGEST
        session.clear()
