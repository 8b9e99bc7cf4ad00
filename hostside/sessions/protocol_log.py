"""From Dovecot's events to the lines of a protocol log, in Exchange's columns and without anybody's secrets."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from .log_files import stamp
from .table import Key

Fields = Mapping[str, Any]
REMEMBERED = 100_000  # sessions whose numbers are kept; the oldest go first


def key(fields: Fields) -> Key:
    """What tells the session of an event."""
    return str(fields["remote_ip"]), int(fields["remote_port"]), int(fields["local_port"])


@dataclass(slots=True)
class _Numbers:
    session: str
    next: int = 0


class ProtocolLog:
    """Writes what happened in sessions: ``+`` begin, ``<`` command, ``>`` answer, ``*`` information, ``-`` end."""

    def __init__(self) -> None:
        self._numbers: dict[Key, _Numbers] = {}
        self._own_names = count(time.time_ns())  # of sessions that Dovecot gives none, as nobody tried to sign in

    def lines(self, event: str, fields: Fields, now: datetime) -> list[str]:
        """The lines for an event; none for one that the log does not speak of."""
        told = _tell(event, fields)
        if not told:
            return []
        which = key(fields)
        numbers = self._numbers.get(which)
        if numbers is None:
            while len(self._numbers) >= REMEMBERED:
                del self._numbers[next(iter(self._numbers))]
            numbers = self._numbers[which] = _Numbers(str(fields.get("session") or f"{next(self._own_names):016X}"))
            told.insert(0, ("+", "", ""))
        lines = []
        for sign, data, context in told:
            place = (numbers.session, numbers.next, _local(fields), _remote(fields))
            lines.append(_row((stamp(now), "", *place, sign, data, context)))
            numbers.next += 1
        if told[-1][0] == "-":
            del self._numbers[which]
        return lines


Told = list[tuple[str, str, str]]  # event, data, context of each line


def _tell(event: str, fields: Fields) -> Told:
    match event:
        case "auth_request_finished":
            # The mechanism and the name alone: neither the password nor what a client sent in its place comes here.
            answer = "OK" if fields.get("success") == "yes" else "NO"
            return [("<", f"AUTHENTICATE {fields.get('mechanism', '')}", _user(fields)), (">", answer, _policy(fields))]
        case "proxy_session_established":
            return [("*", "", f"{_user(fields)} proxied to {fields.get('dest_host', fields.get('dest_ip', ''))}")]
        case "proxy_session_finished":
            counts = f"received={fields.get('net_out_bytes', 0)} sent={fields.get('net_in_bytes', 0)}"
            return [("-", "", " ".join(filter(None, (counts, str(fields.get("disconnect_reason", ""))))))]
        case "login_aborted":
            return [("-", "", str(fields.get("reason", "")))]
        case "imap_command_finished" | "pop3_command_finished":
            return _command(fields)
        case "mail_user_session_finished":
            # POP3's commands do not tell how the front end calls their session, so it is told here.
            counts = f"received={fields.get('net_in_bytes', 0)} sent={fields.get('net_out_bytes', 0)}"
            return [("-", "", f"{counts} session={fields.get('session', '')}")]
    return []


def _command(fields: Fields) -> Told:
    name = str(fields.get("cmd_name", ""))
    # A command that the server does not know may be a password that came too late.
    arguments = "" if name.lower() == "unknown" else str(fields.get("cmd_args", ""))
    answer = str(fields.get("tagged_reply") or fields.get("reply_state") or fields.get("tagged_reply_state", ""))
    return [("<", f"{name} {arguments}".rstrip(), _user(fields)), (">", answer, "")]


def _policy(fields: Fields) -> str:
    return "" if fields.get("policy_result", "ok") == "ok" else "refused: too many connections"


def _user(fields: Fields) -> str:
    return str(fields.get("user", ""))


def _local(fields: Fields) -> str:
    return _endpoint(str(fields.get("local_ip", "")), fields["local_port"])


def _remote(fields: Fields) -> str:
    return _endpoint(str(fields["remote_ip"]), fields["remote_port"])


def _endpoint(address: str, port: object) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _row(cells: tuple[object, ...]) -> str:
    """One line of CSV; what a client sent can't begin another one."""
    text = io.StringIO()
    plain = ("".join(c if c.isprintable() else "?" for c in str(cell)) for cell in cells)
    csv.writer(text, lineterminator="").writerow(plain)
    return text.getvalue()
