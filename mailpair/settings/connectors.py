"""How mail comes in and goes out: Set-ReceiveConnector and Set-SendConnector."""

from __future__ import annotations

from mailpair.settings import receiving, receiving_limits, receiving_words, sending, sending_security
from mailpair.settings.record import Group

RECEIVE_CONNECTOR = Group(
    "receive_connectors",
    "Doors for mail on the front ends (Set-ReceiveConnector).",
    (*receiving.PARAMETERS, *receiving_limits.PARAMETERS, *receiving_words.PARAMETERS),
)

# The connectors that Exchange makes on a Client Access server, with what it sets on them.
READY_RECEIVE_CONNECTORS: dict[str, dict[str, object]] = {
    "Client Frontend": {
        "bindings": ["0.0.0.0:587", "[::]:587"],
        "auth_mechanism": ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
        "permission_groups": ["ExchangeUsers"],
    },
    "Default Frontend": {
        "bindings": ["0.0.0.0:25", "[::]:25"],
        "auth_mechanism": ["Tls"],
        "permission_groups": ["AnonymousUsers"],
    },
}

SEND_CONNECTOR = Group(
    "send_connectors",
    "How mail leaves the site (Set-SendConnector). Where there is none, it does not.",
    (*sending.PARAMETERS, *sending_security.PARAMETERS),
)
