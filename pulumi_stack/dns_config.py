"""The part of a stack's configuration about DNS: who takes the site's records, and with which key."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mailpair.settings.acme import DNS_SERVER
from mailpair.settings.certificate_values import TsigAlgorithm
from mailpair.settings.endpoints import PORT
from mailpair.settings.names import DOMAIN
from mailpair.settings.notation import NotationError, expect_text, whole_number, word
from pulumi_stack.errors import Problem

T = TypeVar("T")

DNS_KEYS = ("server", "port", "zone", "key_name", "algorithm", "ttl", "leave_out")
_DEFAULT_TTL = 3600  # seconds
_LONGEST_TTL = 2**31 - 1  # RFC 2181, section 8
_KEY_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_TO_SET = "pulumi config set --secret dns_key"
_UNSHOWN = "not shown"


class Secret:
    """A text that nothing shows."""

    def __init__(self, text: str) -> None:
        """``text`` is what must not be shown."""
        self.text = text

    def __repr__(self) -> str:
        return "[secret]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, slots=True)
class DnsConfig:
    """Who takes changes of the zone by RFC 2136, and what the site's records there are like.

    ``leave_out`` names sets of records that the stack leaves to others, as in ``contoso.test TXT``.
    """

    server: str
    port: int
    zone: str
    key_name: str
    algorithm: str
    ttl: int
    leave_out: tuple[str, ...]
    key: str = field(repr=False)


def parse_dns(raw: Any, key: Any) -> tuple[DnsConfig | None, list[Problem]]:
    """Reads ``dns`` and ``dns_key``, None where they are not set; all problems at once, and a key in none of them."""
    if raw is None and key is None:
        return None, []
    problems: list[Problem] = []
    secret = _key(key, problems)
    if raw is None:
        problems.append(Problem("dns", "missing", "must be given where dns_key is", f"it has {', '.join(DNS_KEYS)}"))
        return None, problems
    if not isinstance(raw, Mapping):
        problems.append(Problem("dns", _UNSHOWN, "must be a mapping", f"it has {', '.join(DNS_KEYS)}"))
        return None, problems
    # What somebody took for the place of the key may be the key.
    problems += [
        Problem(f"dns.{each}", _UNSHOWN, "is no setting here", f"these are: {', '.join(DNS_KEYS)}; the key is dns_key")
        for each in raw
        if each not in DNS_KEYS
    ]
    reader = _Reader(raw, problems)
    config = DnsConfig(
        server=reader.read("server", DNS_SERVER.parse, ""),
        port=reader.read("port", PORT.parse, 53),
        zone=reader.read("zone", DOMAIN.parse, ""),
        key_name=reader.read("key_name", _parse_key_name, ""),
        algorithm=reader.read("algorithm", word(TsigAlgorithm).parse, TsigAlgorithm.HMAC_SHA256).value,
        ttl=reader.read("ttl", whole_number(1, _LONGEST_TTL).parse, _DEFAULT_TTL),
        leave_out=reader.read("leave_out", _parse_labels, ()),
        key=secret,
    )
    return (None if problems else config), problems


@dataclass(frozen=True)
class _Reader:
    raw: Mapping[str, Any]
    problems: list[Problem]

    def read(self, name: str, parse: Callable[[object], T], default: T) -> T:
        """The value of a key; an empty default is for one that must be given."""
        if self.raw.get(name) is None:
            if default == "":
                self.problems.append(Problem(f"dns.{name}", "missing", "must be given"))
            return default
        try:
            return parse(self.raw[name])
        except NotationError as error:
            # Some tools write a key's name and the key as one text.
            value = _UNSHOWN if name == "key_name" else repr(self.raw[name])
            self.problems.append(Problem(f"dns.{name}", value, error.rule, error.remedy))
            return default


def _parse_key_name(raw: object) -> str:
    rule = "must be the key's name as the server has it, of letters, digits, hyphens, underscores and dots"
    text = expect_text(raw, rule)
    if not _KEY_NAME.fullmatch(text):
        raise NotationError(rule)
    return text.lower()


def _parse_labels(raw: object) -> tuple[str, ...]:
    if isinstance(raw, list | tuple) and all(isinstance(each, str) for each in raw):
        return tuple(raw)
    raise NotationError("must be a list of names with their types, such as contoso.test TXT")


def _key(key: Any, problems: list[Problem]) -> str:
    if key is None:
        problems.append(Problem("dns_key", "missing", "must be the key that signs changes, in base64", _TO_SET))
    elif not isinstance(key, Secret):
        problems.append(Problem("dns_key", _UNSHOWN, "must be a secret, and this stack's file has it in the clear",
                                f"have a new key made, and set it with {_TO_SET}"))  # fmt: skip
    elif not is_base64(key.text):
        problems.append(Problem("dns_key", _UNSHOWN, "must be the key that signs changes, in base64", _TO_SET))
    else:
        return key.text
    return ""


def is_base64(text: str) -> bool:
    """Whether a text is something in base64."""
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False
