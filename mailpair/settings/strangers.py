"""Parameters of Exchange's cmdlets that are no settings of a document, by their names in snake_case, and why."""

from __future__ import annotations

_ARGUMENTS = dict.fromkeys(
    ("confirm", "debug", "domain_controller", "error_action", "force", "verbose", "what_if"),
    "it tells the cmdlet what to do, and sets nothing",
)

OF_PROTOCOLS = {
    **_ARGUMENTS,
    "server": "a server's own settings stand under servers",
    "identity": "a server's own settings stand under servers",
}

OF_RECEIVE_CONNECTORS = {
    **_ARGUMENTS,
    "identity": "a connector's name is the key that its settings stand under",
    "name": "a connector's name is the key that its settings stand under",
    "server": "connectors are on every front end",
    "auth_tarpit_interval": "it is Exchange Server 2016's; here an answer to a wrong password always waits a second",
    "admin_display_version": "it is read only",
    "usage": "auth_mechanism and permission_groups say what it stands for",
    "client": "auth_mechanism and permission_groups say what it stands for",
    "internal": "auth_mechanism and permission_groups say what it stands for",
    "internet": "auth_mechanism and permission_groups say what it stands for",
    "partner": "auth_mechanism and permission_groups say what it stands for",
    "custom": "auth_mechanism and permission_groups say what it stands for",
}

OF_SEND_CONNECTORS = {
    **_ARGUMENTS,
    "identity": "a connector's name is the key that its settings stand under",
    "name": "a connector's name is the key that its settings stand under",
    "usage": "address_spaces, smart_hosts and require_tls say what it stands for",
    "internal": "address_spaces, smart_hosts and require_tls say what it stands for",
    "internet": "address_spaces, smart_hosts and require_tls say what it stands for",
    "partner": "address_spaces, smart_hosts and require_tls say what it stands for",
    "custom": "address_spaces, smart_hosts and require_tls say what it stands for",
    "is_smtp_connector": "it is read only",
    "home_mta": "it is read only",
    "home_mta_server_id": "it is read only",
    "source_routing_group": "it is read only",
}

OF_CERTIFICATES = {
    **_ARGUMENTS,
    "server": "every front end has each certificate",
    "friendly_name": "a certificate's name is the key that its settings stand under",
    "identity": "a certificate's name is the key that its settings stand under",
    "include_accepted_domains": "domain_name names them all",
    "include_auto_discover": "domain_name names them all",
    "include_server_fqdn": "each server's own name is in its certificate",
    "request_file": "front ends ask for certificates themselves, and no person carries a request",
    "binary_encoded": "front ends ask for certificates themselves, and no person carries a request",
    "instance": "a certificate is renewed by itself, in time",
    "subject_key_identifier": "whoever issues it sets it",
    "do_not_require_ssl": "web pages are served over TLS alone",
    "network_service_allowed": "it is for Windows",
}

_OTHER_ACCESS = "mailboxes here open over POP3 and IMAP4 alone"

OF_MAILBOXES = {
    **_ARGUMENTS,
    "identity": "a mailbox's address is the key that its settings stand under",
    "primary_smtp_address": "a mailbox's address is the key that its settings stand under",
    "alias": "a mailbox's address is the key that its settings stand under; email_addresses has further ones",
    "database": "server names the back end that holds the mailbox",
    **dict.fromkeys(
        (
            "active_sync_enabled",
            "active_sync_mailbox_policy",
            "ecp_enabled",
            "ews_enabled",
            "mapi_enabled",
            "mapi_http_enabled",
            "outlook_mobile_enabled",
            "owa_enabled",
            "owa_mailbox_policy",
            "owa_for_devices_enabled",
            "mac_outlook_enabled",
            "universal_outlook_enabled",
        ),
        _OTHER_ACCESS,
    ),
}
