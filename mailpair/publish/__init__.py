"""What clients are told about a site, as pure functions of the site document and its servers."""

from __future__ import annotations

from mailpair.publish.autoconfig import autoconfig
from mailpair.publish.autodiscover import autodiscover, autodiscover_json
from mailpair.publish.clients import ClientProtocol, ClientSetting, View, client_settings, client_settings_json
from mailpair.publish.handout import handout
from mailpair.publish.pacc import pacc, pacc_digest
from mailpair.publish.profile import profile

__all__ = [
    "ClientProtocol",
    "ClientSetting",
    "View",
    "autoconfig",
    "autodiscover",
    "autodiscover_json",
    "client_settings",
    "client_settings_json",
    "handout",
    "pacc",
    "pacc_digest",
    "profile",
]
