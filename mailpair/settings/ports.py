"""Ports that are taken on servers of a site, whatever its document says."""

from __future__ import annotations

SSH = 22  # on all servers
LMTP = 24  # on back ends, for the site's front ends

FRONT_ENDS = {SSH: "SSH"}
BACK_ENDS = {SSH: "SSH", LMTP: "LMTP"}

# Where connectors that share a binding listen on front ends, each for the clients that nftables sends to it.
CONNECTORS = range(20000, 30000)
