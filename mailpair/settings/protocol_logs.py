"""POP3 and IMAP4: protocol logs."""

from __future__ import annotations

from mailpair.settings.notation import BOOLEAN, word
from mailpair.settings.protocol_words import POP, ProtocolWords
from mailpair.settings.quantities import size_limit
from mailpair.settings.record import Answer, Parameter
from mailpair.settings.texts import LOG_FOLDER
from mailpair.settings.values import LogFileRollOverSettings

_TB = 1 << 40


def parameters(words: ProtocolWords) -> tuple[Parameter, ...]:
    """The records of one protocol."""
    how = "the service mailpair-sessions writes what Dovecot's event exporters tell it"
    return (
        Parameter(
            name="protocol_log_enabled",
            notation=BOOLEAN,
            default=False,
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -ProtocolLogEnabled",
            text=(
                "Whether front ends keep a log of sessions, in Exchange's columns: their begin, each sign-in and its "
                "answer, the back end, their end and bytes. It holds no password. What clients ask of their mailboxes "
                "after the sign-in passes a front end unread and is not in it."
            ),
            test="tests/e2e/test_limits.py::test_protocol_logs_tell_of_sessions_and_of_no_password",
            how=how,
        ),
        Parameter(
            name="log_file_location",
            notation=LOG_FOLDER,
            default=f"/var/log/mailpair/{words.service}",
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -LogFileLocation",
            text="The folder of the log on each front end.",
            test="tests/e2e/test_limits.py::test_a_protocol_log_begins_new_files_at_its_size_and_in_its_folder",
            exchange_default=f"%ExchangeInstallPath%Logging\\{'Pop3' if words is POP else 'Imap4'}",
            how=how,
            exchange_accepts="any folder",
        ),
        Parameter(
            name="log_file_roll_over_settings",
            notation=word(LogFileRollOverSettings, first=1),
            default="Daily",
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -LogFileRollOverSettings",
            text="When a new file begins: Hourly (1), Daily (2), Weekly (3) or Monthly (4).",
            test="tests/e2e/test_limits.py::test_a_protocol_log_begins_new_files_at_its_size_and_in_its_folder",
            how=how,
            exchange_default="Daily in 2013, Hourly from 2016 on",
        ),
        Parameter(
            name="log_per_file_size_quota",
            notation=size_limit(1 << 10, _TB, zero=True),
            default=0,
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -LogPerFileSizeQuota",
            text="At which size a new file begins as well; 0: by time alone.",
            test="tests/e2e/test_limits.py::test_a_protocol_log_begins_new_files_at_its_size_and_in_its_folder",
            how=how,
        ),
    )
