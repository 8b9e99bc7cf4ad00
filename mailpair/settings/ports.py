"""Ports that are taken on servers of a site, whatever its document says."""

from __future__ import annotations

SSH = 22  # on all servers
PROXIED_IMAP = 4002  # on back ends, of loopback: Dovecot behind the proxy that keeps TLS
PROXIED_POP = 4003
LMTP = 24  # on back ends, for the site's front ends
POLICY = 4001  # on front ends, of loopback, where Dovecot asks about sessions
HTTP = 80  # on front ends, where a certificate is proven by HTTP-01
QUOTA = 12340  # on back ends, for the site's front ends, which ask how full mailboxes are
NOTICEBOARD = 12341  # on back ends, for the site's front ends, which tell each other of guesses there
DOVECOT_METRICS = 9900  # on all servers, where metrics are read
HOST_METRICS = 9100
WEB = (80, 443)  # on front ends, where web_site is enabled

_METRICS = {HOST_METRICS: "prometheus-node-exporter", DOVECOT_METRICS: "Dovecot's figures"}
FRONT_ENDS = {SSH: "SSH", POLICY: "mailpair-sessions", **_METRICS}
BACK_ENDS = {
    SSH: "SSH",
    LMTP: "LMTP",
    QUOTA: "the quota service",
    NOTICEBOARD: "mailpair-noticeboard",
    PROXIED_IMAP: "Dovecot",
    PROXIED_POP: "Dovecot",
    **_METRICS,
}

# Where connectors that share a binding listen on front ends, each for the clients that nftables sends to it: below the
# ports that a kernel gives to clients, above those that services usually have.
CONNECTORS = range(20000, 30000)
