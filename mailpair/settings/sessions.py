"""POP3 and IMAP4: how clients sign in, how long their sessions last, and how many there may be."""

from __future__ import annotations

from mailpair.settings.notation import BOOLEAN, only, only_word, whole_number, word
from mailpair.settings.protocol_words import POP, ProtocolWords
from mailpair.settings.quantities import NO_LIMIT, limit, time_span
from mailpair.settings.record import WORD_FOR_WORD, Answer, Parameter
from mailpair.settings.values import ExtendedProtection, LoginType

_PER_USER = 16
_LEAST_SPAN = 30
# A login process of Dovecot's ends sessions that have not signed in by then.
_LONGEST_BEFORE_SIGNING_IN = 180
_HOUR, _DAY = 3600, 86400


def parameters(words: ProtocolWords) -> tuple[Parameter, ...]:
    """The records of one protocol."""
    return (*_signing_in(words), *_times(words), *_limits(words))


def _signing_in(words: ProtocolWords) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name="login_type",
            notation=word(
                LoginType,
                first=1,
                refused={LoginType.PLAIN_TEXT_LOGIN: "PlainTextLogin lets passwords cross in the clear"},
            ),
            default="SecureLogin",
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -LoginType",
            text=(
                "What a client may do before TLS. SecureLogin (3): not sign in. PlainTextAuthentication (2): sign in "
                "with a Kerberos ticket, for which enable_gssapi_and_ntlm_auth must be on; never with a password. "
                "PlainTextLogin (1) is refused."
            ),
            test="tests/e2e/test_kerberos.py::test_before_tls_the_login_type_decides_and_a_password_never_passes",
            how="Dovecot's ssl for the protocol, with auth_allow_cleartext always off",
            exchange_accepts="PlainTextLogin (1) as well",
        ),
        Parameter(
            name="enable_gssapi_and_ntlm_auth",
            notation=BOOLEAN,
            default=False,
            answer=Answer.NATIVE,
            source=f"{words.cmdlet} -EnableGSSAPIAndNTLMAuth",
            text=(
                "Whether a client may sign in with a Kerberos ticket, for which kerberos_keytab must be given. The "
                "same for POP3 and IMAP4. NTLM, whose encryption is broken, is never offered."
            ),
            test="tests/e2e/test_kerberos.py::test_a_ticket_lets_its_owner_in_and_nobody_else",
            exchange_default="true",
            how="Dovecot's mechanism gssapi",
        ),
        Parameter(
            name="extended_protection_policy",
            notation=only_word(
                ExtendedProtection,
                ExtendedProtection.NONE,
                "no mechanism that is offered here binds to the TLS channel",
            ),
            default="None",
            answer=Answer.REFUSED,
            source=f"{words.cmdlet} -ExtendedProtectionPolicy",
            text=(
                "Channel binding: only None is taken. It needs SCRAM, whose verifiers the directory of argon2id hashes "
                "does not hold."
            ),
            test=WORD_FOR_WORD,
            exchange_accepts="None, Allow or Require",
        ),
        Parameter(
            name="enforce_certificate_errors",
            notation=only(BOOLEAN, value=True, reason="front ends always verify the certificates of back ends"),
            default=True,
            answer=Answer.FIXED,
            source=f"{words.cmdlet} -EnforceCertificateErrors",
            text="Whether a front end turns away from a back end with a wrong certificate: always.",
            test="tests/e2e/test_peers.py::test_a_back_end_under_another_name_gets_nobody",
            exchange_default="false",
            how="Dovecot's proxy with ssl = yes and the site's CA",
            exchange_accepts="true or false",
        ),
    )


def _times(words: ProtocolWords) -> tuple[Parameter, ...]:
    minutes = words.idle // 60
    return (
        Parameter(
            name="authenticated_connection_timeout",
            notation=time_span(
                _LEAST_SPAN,
                words.idle,
                beyond=f"Dovecot ends a {words.spoken} session that is idle for {minutes} minutes, whatever is set",
            ),
            default=f"00:{minutes}:00",
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -AuthenticatedConnectionTimeout",
            text="After how long a front end ends a session in which the client says nothing.",
            test="tests/e2e/test_limits.py::test_silent_sessions_end_and_talking_ones_live",
            exchange_default="" if words.idle == 1800 else "00:30:00",
            how="the service mailpair-sessions on front ends",
            exchange_accepts="00:00:30 to 1:00:00 by its reference, to 1.00:00:00 elsewhere",
        ),
        Parameter(
            name="pre_authenticated_connection_timeout",
            notation=time_span(
                _LEAST_SPAN,
                _LONGEST_BEFORE_SIGNING_IN,
                beyond="Dovecot ends a session in which nobody signs in for 3 minutes, whatever is set",
            ),
            default="00:01:00",
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -PreAuthenticatedConnectionTimeout",
            text="After how long a front end ends a session in which nobody has signed in.",
            test="tests/e2e/test_limits.py::test_silent_sessions_end_and_talking_ones_live",
            how="the service mailpair-sessions on front ends",
            exchange_accepts="00:00:30 to 1:00:00",
        ),
    )


def _limits(words: ProtocolWords) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name="max_connections",
            notation=limit(1, NO_LIMIT),
            default=NO_LIMIT,
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -MaxConnections",
            text="How many connections one front end takes. Further ones are refused until one ends.",
            test="tests/e2e/test_limits.py::test_connections_in_all_and_from_one_address_are_counted_in_both_families",
            how="nftables counts connections",
        ),
        Parameter(
            name="max_connection_from_single_ip",
            notation=limit(1, NO_LIMIT),
            default=NO_LIMIT,
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -MaxConnectionFromSingleIP",
            text="How many connections one front end takes from one address.",
            test="tests/e2e/test_limits.py::test_connections_in_all_and_from_one_address_are_counted_in_both_families",
            how="nftables counts connections by address",
        ),
        Parameter(
            name="max_connections_per_user",
            notation=limit(1, NO_LIMIT),
            default=_PER_USER,
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -MaxConnectionsPerUser",
            text=(
                f"How many sessions of {words.spoken} one user has on one front end, from whatever addresses; it "
                "counts by server and protocol, as in Exchange."
            ),
            test="tests/e2e/test_limits.py::test_a_user_has_so_many_imap_sessions_from_all_addresses_together",
            how="the service mailpair-sessions, which Dovecot asks after each right password",
        ),
        _command_size(words),
    )


def _command_size(words: ProtocolWords) -> Parameter:
    usual, least, most = words.command_size
    number = whole_number(least, most)
    source = f"{words.cmdlet} -MaxCommandSize"
    if words is POP:
        return Parameter(
            name="max_command_size",
            notation=only(number, usual, "Dovecot's buffers for POP3 commands have one size"),
            default=usual,
            answer=Answer.REFUSED,
            source=source,
            exchange_accepts=f"{least} to {most}",
            text=f"Only {usual} is taken: Dovecot's own bound is 1 KB before a client has signed in, then 2 KB.",
            test=WORD_FOR_WORD,
        )
    return Parameter(
        name="max_command_size",
        notation=number,
        default=usual,
        answer=Answer.NATIVE,
        source=source,
        text="The longest command in bytes, once a client has signed in; before that it is 1 KB.",
        test="tests/e2e/test_limits.py::test_a_command_that_is_too_long_is_refused_and_the_session_goes_on",
        how="Dovecot's imap_max_line_length, on back ends",
    )
