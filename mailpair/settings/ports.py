"""Ports that are taken on servers of a site, whatever its document says."""

from __future__ import annotations

SSH = 22  # on all servers
LMTP = 24  # on back ends, for the site's front ends
