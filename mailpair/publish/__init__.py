"""What clients are told about a site, as pure functions of the site document and its servers."""

from __future__ import annotations

from mailpair.publish.clients import ClientProtocol, ClientSetting, View, client_settings, client_settings_json

__all__ = ["ClientProtocol", "ClientSetting", "View", "client_settings", "client_settings_json"]
