"""The front end's accounts as passwd-files, for programs that have no SQLite."""

from __future__ import annotations

from bench.programs import FOLDER
from mailpair.plan import places

NAME = "passwd_files.py"

# One file a protocol, with the fields of a proxy where there is a mailbox to go to.
PROGRAM = """\
import os, shutil, sqlite3, sys
accounts, folder = sys.argv[1:]
os.umask(0o027)
query = "SELECT address, password, host, port FROM logins WHERE protocol = ?"
for protocol in ("imap", "pop3", "smtp"):
    with open(f"{folder}/{protocol}", "w") as file:
        for address, password, host, port in sqlite3.connect(accounts).execute(query, (protocol,)):
            way = f"proxy=yes host={host} port={port} ssl=yes pass=verified proxy_no_multiplex=yes" if port else ""
            print(f"{address}:{{ARGON2ID}}{password}::::::{way}", file=file)
    shutil.chown(f"{folder}/{protocol}", group="dovecot")
"""
COMMAND = f"python3 {FOLDER}/{NAME} {places.ACCOUNTS} {FOLDER}"
