"""How mail comes in and goes out: Set-ReceiveConnector and Set-SendConnector."""

from __future__ import annotations

from mailpair.settings import receiving, receiving_limits, receiving_words, sending, sending_security
from mailpair.settings.record import Group
from mailpair.settings.strangers import OF_RECEIVE_CONNECTORS, OF_SEND_CONNECTORS

RECEIVE_CONNECTOR = Group(
    "receive_connectors",
    "Doors for mail on the front ends (Set-ReceiveConnector).",
    (*receiving.PARAMETERS, *receiving_limits.PARAMETERS, *receiving_words.PARAMETERS),
    OF_RECEIVE_CONNECTORS,
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
        "protocol_logging_level": "Verbose",
    },
}
READY_DIFFERENCES = {
    "Client Frontend": (
        "Exchange's, but that Integrated has to be added, with a kerberos_keytab; ssl_bindings at 465 are ours to add"
    ),
    "Default Frontend": (
        "Exchange's, but that nobody signs in at port 25 (Integrated, BasicAuth), and that other servers of the site "
        "(ExchangeServer, ExchangeServers) have to be added, since every mail server would be asked for a certificate"
    ),
}
# Those that it makes as well, between its own transport services.
REFUSED_RECEIVE_CONNECTORS = {
    "Outbound Proxy Frontend": (
        "in Exchange it takes outgoing mail from mailbox servers at 717, and here front ends send what they take"
    ),
    "Client Proxy": (
        "in Exchange it takes users' mail from front ends at 465, and here front ends deliver over LMTP with mutual TLS"
    ),
    "Default": (
        "in Exchange it takes mail from front ends at 2525, and here front ends deliver over LMTP with mutual TLS"
    ),
}

SEND_CONNECTOR = Group(
    "send_connectors",
    "How mail leaves the site (Set-SendConnector). Where there is none, it does not.",
    (*sending.PARAMETERS, *sending_security.PARAMETERS),
    OF_SEND_CONNECTORS,
)
