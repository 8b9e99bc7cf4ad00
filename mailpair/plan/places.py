"""Paths and ports that more than one role uses; each of these facts lives here and nowhere else."""

from __future__ import annotations

from mailpair.settings import ports

TLS_DIRECTORY = "/etc/mailpair/tls"
CA_FILE = f"{TLS_DIRECTORY}/ca.pem"  # the site's private CA: two of them while one follows the other
PEERS_FILE = f"{TLS_DIRECTORY}/peers.pem"  # the CAs of the front ends on back ends, and of those on front ends
SERVER_CERTIFICATE = f"{TLS_DIRECTORY}/server.pem"  # what clients see on a front end
SERVER_KEY = f"{TLS_DIRECTORY}/server.key"
PEER_CERTIFICATE = f"{TLS_DIRECTORY}/peer.pem"  # what front ends and back ends show each other
PEER_KEY = f"{TLS_DIRECTORY}/peer.key"

DIRECTORY = "/etc/mailpair/directory"  # on front ends, for Dovecot alone
ACCOUNTS = f"{DIRECTORY}/accounts.db"  # who may sign in over which protocol
KEYTAB = "/etc/mailpair/krb5.keytab"  # on front ends, of Kerberos, readable to Dovecot
SASL_SOCKET = "/run/dovecot/smtp-auth"  # where Postfix asks Dovecot about passwords; no part of it is chrooted
PORTAL_USER = "mailpair-portal"  # of the page for users
PORTAL_SASL_SOCKET = "/run/dovecot/portal-auth"  # where that page asks Dovecot about passwords

PROGRAMS_DIRECTORY = "/usr/local/lib/mailpair"  # of programs that run on hosts
METRICS = "/var/lib/prometheus/node-exporter/mailpair_certificates.prom"  # where Debian's node exporter looks
BACKUP_METRICS = "/var/lib/prometheus/node-exporter/mailpair_backup.prom"
EVENTS_SOCKET = "/run/mailpair/events"  # where Dovecot tells of sessions
POLICY_PORT = ports.POLICY  # of loopback, where Dovecot asks about sessions

WELCOME = "/var/lib/mailpair/welcome"  # on back ends, notes: whose mailbox is still to begin with a message
MAIL = "/srv/vmail"  # on back ends, each mailbox as DOMAIN/NAME
LMTP_PORT = ports.LMTP  # on back ends, TLS from the first byte, a front end's peer certificate is required
QUOTA_PORT = ports.QUOTA  # on back ends, TLS from the first byte, a front end's peer certificate is required
NOTICEBOARD_PORT = ports.NOTICEBOARD  # the same
DIRECT_IMAP_PORT = 2993  # on back ends, in a lab that measures; TLS from the first byte
DIRECT_POP_PORT = 2995

# Earlier versions have known holes.
DOVECOT_VERSION = "1:2.4.1+dfsg1-6+deb13u7"

# Dovecot keeps its old configuration when it can't take a new one, and says so in its log alone. The first command is
# answered once the reload is over; the second prints what was wrong, and is not to find anything.
CONFIRM_DOVECOT = (
    "doveadm service status >/dev/null && ! doveadm log errors -s {since} | grep -E '(Error: master|Fatal): '"
)
# The same where listeners are looked for by themselves, since a second reload mends what this says of the first.
CONFIRM_LISTENING_DOVECOT = CONFIRM_DOVECOT.replace("| grep", "| grep -v ' failed: Address already in use$' | grep")
