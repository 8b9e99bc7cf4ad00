"""One more mailbox in a large directory: many are laid on the servers, then one is brought by its own verb.

They are laid there by SQL and in files, without a run for all of them, which would make a password for each first.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from bench.changes import brought
from bench.doors import Account, Door
from bench.figures import Figure
from mailpair.plan import mailbox, places, postfix, quota
from mailpair.plan.gate import GatePlan
from mailpair.state import SiteState

if TYPE_CHECKING:
    from bench.changes import Playbook
    from tests.e2e.support.lab import Lab

ADDED = tuple(f"among.many.{number}@contoso.test" for number in range(3))
LIKE = "ada@contoso.test"  # whom all of them are like

# Tables, and files whose lines begin with the owner. Both are in the order of addresses.
PROGRAM = """\
import os, sqlite3, sys
number, like, *paths = sys.argv[1:]
names = [f"user{each:07d}@contoso.test" for each in range(int(number))]
for path in filter(os.path.exists, paths):
    if path.endswith(".db"):
        with sqlite3.connect(path) as database:
            for table in [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]:
                database.execute(f"DELETE FROM {table} WHERE address LIKE 'user_______@contoso.test'")
                for _, *row in database.execute(f"SELECT * FROM {table} WHERE address = ?", [like]).fetchall():
                    places = ", ".join("?" * (len(row) + 1))
                    database.executemany(f"INSERT INTO {table} VALUES ({places})", ((each, *row) for each in names))
    else:
        with open(path) as file:
            lines = [line for line in file if not line.startswith("user") or line[11:24] != "@contoso.test"]
        (mine,) = [line for line in lines if line.startswith((f"{like}:", f"{like} "))]
        at = sum(line.startswith("#") or line < "user" for line in lines)
        lines[at:at] = [mine.replace(like, each) for each in names]
        with open(path, "w") as file:
            file.writelines(lines)
"""


def figures(lab: Lab, door: Door, playbook: Playbook, mailboxes: int) -> list[Figure]:
    """How long it takes from the command's start until its owner has signed in, and until the command's end.

    Servers and documents are as before at the end.
    """
    document = lab.site_dir / "mailboxes.yml"
    before = document.read_text()
    lines = "".join(f"  user{number:07d}@contoso.test: {{server: back1}}\n" for number in range(mailboxes))
    state, signed_in, ended = SiteState(lab.site_dir), [], []
    try:
        laid(lab, mailboxes)
        for added in ADDED:
            document.write_text(f"{before}{lines}  {added}: {{server: back1}}\n")
            state.ensure_password(added)
            state.password_hash(added)
            first, end = brought(playbook, door, Account(added, state.password_file(added).read_text().strip()))
            signed_in.append(first)
            ended.append(end)
    finally:
        document.write_text(before)
        for added in ADDED:
            playbook(f"mailbox.yml -e mailbox={added}")
        laid(lab, 0)
    name = f"one added mailbox among {mailboxes}"
    return [
        Figure(f"{name}, to its first login", median(signed_in), "s", "mailbox.yml, from the command's start; median"),
        Figure(f"{name}, to the end of the run", median(ended), "s", "median"),
    ]


def laid(lab: Lab, mailboxes: int) -> None:
    """Lays so many mailboxes on both servers, in the place of those that were laid there before."""
    senders, receiving = f"{postfix.FOLDER}/senders", f"{postfix.FOLDER}/mailboxes"
    front = (places.ACCOUNTS, quota.GatePlan({}).file, senders, receiving, GatePlan({}).accounts)
    for host, paths in ((lab.front, front), (lab.back, (mailbox.MAILBOXES_FILE,))):
        host.run(f"python3 - {mailboxes} {LIKE} {' '.join(paths)}", stdin=PROGRAM)
