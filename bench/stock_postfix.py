"""Stock Postfix beside the front end's own: the same machine, certificate, accounts, hashes and way to back ends.

It has Debian's main.cf, master.cf and the entry ``submission`` that Debian's file has as a comment; stock Dovecot
checks passwords for it. What it lacks is what our front end adds: the inspection of each message before it is accepted,
the limits of connectors, quotas, and who may write in whose name.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from bench import passwd_files, programs
from bench.programs import FOLDER, Programs
from bench.rivals import CERTIFICATE, KEY
from mailpair.plan import places, postfix

if TYPE_CHECKING:
    from tests.e2e.support.lab import Host, Lab

PORT = 5587
SPOOL, DATA = "/var/spool/postfix-bench", "/var/lib/postfix-bench"
RUN = "/run/dovecot-bench-sasl"
# Of Debian's master.cf: not port 25, and no process in a chroot, which needs copies of files; ours are in none, either.
_MASTER = r"/^smtp +inet/d; s/^(\S+ +\S+ +\S+ +\S+ +)y/\1n/"
QUEUES = ("incoming", "active", "deferred")

SASL = f"""\
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
instance_name = mailpair-bench
base_dir = {RUN}
protocols =
auth_mechanisms = plain login
passdb passwd-file {{
  passwd_file_path = {FOLDER}/smtp
}}
userdb static {{
}}
service auth {{
  unix_listener smtp-auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""

# Debian's comment as it stands there, at a port of its own.
SUBMISSION = f"""\
{PORT} inet n - n - - smtpd
  -o smtpd_forbid_unauth_pipelining=no
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o local_header_rewrite_clients=static:all
  -o smtpd_hide_client_session=yes
  -o smtpd_reject_unlisted_recipient=no
  -o smtpd_client_restrictions=
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_relay_restrictions=
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
  -o milter_macro_daemon_name=ORIGINATING
"""


def settings(front: str, domain: str, back: str) -> dict[str, str]:
    """What differs from Debian's main.cf; ``front`` and ``back`` are full names."""
    return {
        "syslog_name": "mailpair-bench",
        "queue_directory": SPOOL,
        "data_directory": DATA,
        "myhostname": front,
        "mydestination": "",
        "alias_maps": "",
        "alias_database": "",
        "smtpd_tls_cert_file": CERTIFICATE,
        "smtpd_tls_key_file": KEY,
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": f"{RUN}/smtp-auth",
        "virtual_mailbox_domains": domain,
        "virtual_mailbox_maps": f"texthash:{postfix.FOLDER}/mailboxes",
        "virtual_transport": f"lmtp:[{back}]:{places.LMTP_PORT}",
        "lmtp_tls_security_level": "secure",
        "lmtp_tls_wrappermode": "yes",
        "lmtp_tls_secure_cert_match": "nexthop",
        "lmtp_tls_CAfile": places.PEERS_FILE,
        "lmtp_tls_chain_files": f"{places.PEER_KEY}, {places.PEER_CERTIFICATE}",
        "lmtp_host_lookup": "native",
    }


def before(configuration: dict[str, str]) -> str:
    """The shell commands that make its folders and its configuration, which is Debian's with other values."""
    pairs = " ".join(f"'{name}={value}'" for name, value in configuration.items())
    return " && ".join(
        (
            f"install -d {SPOOL} && install -d -o postfix {DATA}",
            f"cat /usr/share/postfix/main.cf.debian /usr/share/postfix/main.cf.tls > {FOLDER}/main.cf",
            f"sed -E '{_MASTER}' /usr/share/postfix/master.cf.dist | cat - {FOLDER}/submission > {FOLDER}/master.cf",
            f"postconf -c {FOLDER} -e {pairs}",
            passwd_files.COMMAND,
        )
    )


def running(lab: Lab, domain: str) -> AbstractContextManager[None]:
    """Both programs, on the front end, while the context lasts."""
    return programs.running(
        lab.front,
        Programs(
            packages=("postfix", "dovecot-core"),
            files={"sasl.conf": SASL, "submission": SUBMISSION, passwd_files.NAME: passwd_files.PROGRAM},
            commands={
                "bench-sasl": f"/usr/sbin/dovecot -F -c {FOLDER}/sasl.conf",
                "bench-postfix": f"/usr/sbin/postfix -c {FOLDER} start-fg",
            },
            ports=(PORT,),
            before=before(settings(lab.front.fqdn, domain, lab.back.fqdn)),
            after=f"rm -rf {SPOOL} {DATA}",
        ),
    )


def queued(front: Host) -> str:
    """Files of messages that wait in its queue, or in that of the front end; empty where all are delivered."""
    folders = " ".join(f"{spool}/{queue}" for spool in ("/var/spool/postfix", SPOOL) for queue in QUEUES)
    return front.run(f"find {folders} -type f")
