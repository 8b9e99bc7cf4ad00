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
    how = "the services mailpair-sessions and mailpair-protocol-log write what Dovecot's event exporters tell them"
    return (
        Parameter(
            name="protocol_log_enabled",
            notation=BOOLEAN,
            default=False,
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -ProtocolLogEnabled",
            text=(
                "Whether there is a log of sessions, in Exchange's columns. Front ends write down their begin, each "
                "sign-in and its answer, the back end, their end and bytes; back ends, by what holds for the whole "
                "site, each command with its arguments and answer. A session has one name on both; POP3's commands "
                "do not tell it, so it stands at their session's end. No password and no content of messages is in it. "
                "While commands of IMAP4 are logged, a session in IDLE hears of a message half a second later."
            ),
            test="tests/e2e/test_protocol_logs.py::test_a_back_end_tells_of_commands_and_of_no_content",
            how=how,
        ),
        Parameter(
            name="log_file_location",
            notation=LOG_FOLDER,
            default=f"/var/log/mailpair/{words.service}",
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -LogFileLocation",
            text="The folder of the log, below /var/log/mailpair: other services have the rest of /var/log.",
            test="tests/e2e/test_protocol_logs.py::test_a_log_begins_new_files_at_its_size_and_in_its_folder",
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
            test="tests/e2e/test_protocol_logs.py::test_a_log_begins_new_files_at_its_size_and_in_its_folder",
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
            test="tests/e2e/test_protocol_logs.py::test_a_log_begins_new_files_at_its_size_and_in_its_folder",
            how=how,
        ),
    )
