"""Serves the page: ``python3 -m portal FILE DOVECOT SIGNER CA KEY``.

FILE is what the controller has published, DOVECOT the socket at which passwords are checked, SIGNER the one at which
profiles are signed, CA a file with the site's own CAs, KEY a file for the key that signs cookies, which is made if it
is not there. The socket to serve is systemd's first (sd_listen_fds(3)).
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

import waitress

from portal.app import create_app
from portal.profiles import Signer, certificates
from portal.published import Publication
from portal.sign_in import Dovecot

FIRST_SOCKET = 3
THREADS = 32  # twice what may wait for Dovecot at a time


def main(published: str, dovecot: str, signer: str, ca: str, key: str) -> None:
    """Serve until the end is asked for; what is being answered then is answered."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    app = create_app(
        Publication(Path(published)).current,
        Dovecot(dovecot),
        Signer(signer),
        lambda: certificates(Path(ca)),
        kept_key(Path(key)),
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    waitress.serve(
        app,
        sockets=[socket.socket(fileno=FIRST_SOCKET)],
        threads=THREADS,
        ident=None,
        # Only nginx can reach the socket.
        trusted_proxy="*",
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"},
        clear_untrusted_proxy_headers=True,
        _quiet=True,
    )


def kept_key(path: Path) -> bytes:
    """The key in a file; where there is none, a new one is put there, whole or not at all."""
    if not path.exists():
        new = path.with_suffix(".new")
        with open(new, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
        new.unlink()
    return path.read_bytes()


if __name__ == "__main__":
    main(*sys.argv[1:])
