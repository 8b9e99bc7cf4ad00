"""What makes a host one of a site: its own CAs, the site's roots, and the CAs of the hosts that it speaks with.

The playbook runs these steps, and each prints what it did as JSON. A host's keys never leave it.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import openssl, pairs, services, signing
from .configuration import Authority, Configuration
from .due import PART_LEFT
from .openssl import OpenSslError
from .pairs import CHAIN, KEY


def enrol(configuration: Configuration, told: Mapping[str, Any], *, pretend: bool) -> dict[str, Any]:
    """Make what is missing of the host's CAs.

    ``told`` has the site's ``roots`` as PEM, the newest first; ``above``, what leads from it to a former one; and
    ``revoked``, SHA-256 of public keys that are not to be used any more.
    Returns ``reasons`` by CA, ``requests`` by CA for those that the root is to sign, and ``own``: the CAs that sign
    themselves, which peers have to know.
    """
    reasons: dict[str, str] = {}
    requests: dict[str, str] = {}
    # Who lost one key has lost those beside it.
    revoked = any(each.key.exists() and key_digest(each.key) in told["revoked"] for each in configuration.authorities)
    for each in configuration.authorities:
        reason = "its key was revoked" if revoked else _reason(each, told)
        if reason is None:
            continue
        reasons[each.name] = reason
        if pretend:
            continue
        configuration.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        if each.signed_by == "itself":
            _sign_itself(configuration, each, fresh=revoked)
        else:
            requests[each.name] = _request(each, fresh=revoked)
    own = {
        each.name: each.certificate.read_text(encoding="utf-8")
        for each in configuration.authorities
        if each.signed_by == "itself" and each.certificate.exists()
    }
    return {"changed": bool(reasons), "reasons": reasons, "requests": requests, "own": own}


def install(configuration: Configuration, told: Mapping[str, Any]) -> dict[str, Any]:
    """Put the root's answers in place: ``signed`` has PEM by CA, its own certificate first."""
    for each in configuration.authorities:
        if each.name in told["signed"]:
            text = told["signed"][each.name]
            with pairs.staging(configuration.directory) as folder:
                waiting = _waiting(each)
                (folder / KEY).touch(mode=0o600)
                (folder / KEY).write_text((waiting if waiting.exists() else each.key).read_text())
                (folder / CHAIN).write_text(text)
                pairs.put(each.certificate, each.key, folder, openssl.fingerprint(openssl.certificates(text)[0]))
                waiting.unlink(missing_ok=True)
    return {"changed": True}


def trust(configuration: Configuration, told: Mapping[str, Any], *, pretend: bool) -> dict[str, Any]:
    """Trust the ``roots`` and the ``peers`` of whom the controller speaks, as PEM.

    With ``keep`` those that were trusted before stay trusted, but for ``revoked`` keys, until every host shows the
    certificate of its new CA. Services load what changed, so that no host shows what another does not know yet.
    ``more`` in what is returned says whether anybody is trusted of whom the controller does not speak.
    """
    own = [each.certificate for each in configuration.authorities if each.signed_by == "itself"]
    # The list must not be empty for the services that read it. A host's own CA opens nothing on itself.
    peers = openssl.certificates("".join(told["peers"]) or "".join(_text(path) for path in own))
    roots = openssl.certificates(told["roots"])
    spoken_of = len(peers) + len(roots)
    if told["keep"]:
        first = not configuration.peers.exists()  # before that, peers were trusted by the site's root
        before = _read(configuration.roots if first else configuration.peers)
        peers += [each for each in before if each not in peers and public_digest(each) not in told["revoked"]]
        roots += [each for each in peers if first and before and each not in roots]
    wanted = {configuration.peers: "".join(peers), configuration.roots: "".join(roots)}
    changed = [path for path, text in wanted.items() if _text(path) != text]
    # What services have loaded is noted by itself: a run may end between the files and the services.
    noted, digest = configuration.directory / ".trust-loaded", hashlib.sha256("".join(wanted.values()).encode())
    stale = bool(changed) or _text(noted) != digest.hexdigest()
    wrong: dict[str, str] = {}
    if stale and not pretend:
        configuration.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        for path in changed:
            pairs.write(path, wanted[path])
        wrong = services.load(configuration, configuration.reloads)
        if not wrong:
            pairs.write(noted, digest.hexdigest())
    more = len(peers) + len(roots) > spoken_of
    return {"changed": stale, "files": [str(path) for path in changed], "problems": wrong, "more": more}


def key_digest(key: Path) -> str:
    """SHA-256 of a key's public half, by which revoked keys are known."""
    try:
        return _digest(openssl.public_half(key))
    except OpenSslError:
        return ""


def public_digest(pem: str) -> str:
    """The same of a certificate's key."""
    return _digest(openssl.facts(pem).public)


def _digest(public: str) -> str:
    return hashlib.sha256(base64.b64decode("".join(public.strip().splitlines()[1:-1]))).hexdigest()


def _reason(each: Authority, told: Mapping[str, Any]) -> str | None:
    if not each.certificate.exists() or not each.key.exists():
        return "it is missing"
    try:
        own = openssl.certificates(each.certificate.read_text(encoding="utf-8"))
        facts, public = openssl.facts(own[0]), openssl.public_half(each.key)
    except (OpenSslError, ValueError, IndexError, KeyError):
        return "it can't be read"
    if facts.public != public:
        return "it belongs to another key"
    if facts.permitted != frozenset(each.names) or facts.usages != {each.usage}:
        return "what it may speak for changed"
    if facts.left(time.time()) < PART_LEFT:
        return "less than a third of its life is left"
    if each.signed_by == "site":
        return _not_the_site_s(own, told)
    return None


def _not_the_site_s(own: Sequence[str], told: Mapping[str, Any]) -> str | None:
    if not _is_of(own[0], openssl.certificates(told["roots"])[0]):
        return "the site's root did not sign it"
    return None if own[1:] == openssl.certificates(told["above"]) else "what leads to the site's root changed"


def _is_of(pem: str, root: str) -> bool:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(root)
        file.flush()
        try:
            openssl.run("verify", "-trusted", Path(file.name), data=pem)
        except OpenSslError:
            return False
    return True


def _sign_itself(configuration: Configuration, each: Authority, *, fresh: bool) -> None:
    with pairs.staging(configuration.directory) as folder:
        if each.key.exists() and not fresh and key_digest(each.key):
            (folder / KEY).touch(mode=0o600)
            (folder / KEY).write_text(each.key.read_text())
        else:
            openssl.make_key(folder / KEY, "ecdsa")
        wanted = signing.Wanted(each.names[0], signing.authority_extensions(each.names, each.usage), each.days)
        pem = signing.sign(wanted, folder / KEY, None, folder / KEY)
        (folder / CHAIN).write_text(pem)
        pairs.put(each.certificate, each.key, folder, openssl.fingerprint(pem))


def _request(each: Authority, *, fresh: bool) -> str:
    key = each.key
    if fresh or not key.exists() or not key_digest(key):
        key = _waiting(each)
        key.unlink(missing_ok=True)
        openssl.make_key(key, "ecdsa")
    return signing.request(key, each.names[0])


def _waiting(each: Authority) -> Path:
    """A new key until its certificate comes."""
    return each.key.with_name(f".waiting-{each.key.name}")


def _read(path: Path) -> list[str]:
    return openssl.certificates(_text(path))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
