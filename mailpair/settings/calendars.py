"""POP3 and IMAP4: what clients get of a message, its meeting requests above all."""

from __future__ import annotations

from mailpair.settings.notation import BOOLEAN, only, only_word, word
from mailpair.settings.protocol_words import POP, ProtocolWords
from mailpair.settings.record import WORD_FOR_WORD, Answer, Parameter
from mailpair.settings.texts import WEB_ADDRESS
from mailpair.settings.values import CalendarItemRetrievalOption, MimeTextFormat, SortOrder

NO_WEB_CALENDAR = "there is no web calendar here to link to; Custom links to owa_server_url"
AS_STORED = "a message is given out as it was stored"

CALENDAR_OPTION = word(
    CalendarItemRetrievalOption,
    first=0,
    refused={
        CalendarItemRetrievalOption.INTRANET_URL: NO_WEB_CALENDAR,
        CalendarItemRetrievalOption.INTERNET_URL: NO_WEB_CALENDAR,
    },
)
EXACT_SIZE = only(BOOLEAN, value=True, reason="sizes are always exact")
MIME_FORMAT = only_word(MimeTextFormat, MimeTextFormat.BEST_BODY_FORMAT, AS_STORED, first=0)
NO_SUPPRESSION = only(BOOLEAN, value=False, reason="mail programs send read receipts, and no server keeps them from it")


def parameters(words: ProtocolWords) -> tuple[Parameter, ...]:
    """The records of one protocol."""
    return (*_calendar(words), *_messages(words))


def _calendar(words: ProtocolWords) -> tuple[Parameter, ...]:
    return (
        Parameter(
            name="calendar_item_retrieval_option",
            notation=CALENDAR_OPTION,
            default="iCalendar",
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -CalendarItemRetrievalOption",
            text=(
                "How a meeting request looks. iCalendar (0): as it came. Custom (3): text with a link to "
                "owa_server_url. IntranetUrl (1) and InternetUrl (2) are refused. It holds for mail that is delivered "
                "from then on, and is the same for POP3 and IMAP4, which share one store."
            ),
            test="tests/e2e/test_calendar.py::test_a_link_stands_in_the_place_of_a_meeting_request",
            how="a filter as back ends deliver mail, so that every size agrees with what is fetched",
            exchange_accepts="IntranetUrl (1) and InternetUrl (2) as well",
        ),
        Parameter(
            name="owa_server_url",
            notation=WEB_ADDRESS,
            unsaid="no link",
            answer=Answer.BUILT,
            source=f"{words.cmdlet} -OwaServerUrl",
            text="Where the links of calendar_item_retrieval_option Custom lead, which needs it; nothing else uses it.",
            test="tests/e2e/test_calendar.py::test_a_link_stands_in_the_place_of_a_meeting_request",
            how="an argument of that filter",
        ),
    )


def _messages(words: ProtocolWords) -> tuple[Parameter, ...]:
    common = (
        Parameter(
            name="enable_exact_rfc822_size",
            notation=EXACT_SIZE,
            default=True,
            answer=Answer.FIXED,
            source=f"{words.cmdlet} -EnableExactRFC822Size",
            text="Whether the size that is told is that of what is fetched: always.",
            test="tests/e2e/test_calendar.py::test_a_link_stands_in_the_place_of_a_meeting_request",
            exchange_default="false",
            how="Dovecot stores what it gives out",
            exchange_accepts="true or false",
        ),
        Parameter(
            name="message_retrieval_mime_format",
            notation=MIME_FORMAT,
            default="BestBodyFormat",
            answer=Answer.REFUSED,
            source=f"{words.cmdlet} -MessageRetrievalMimeFormat",
            text="Only BestBodyFormat (5) is taken: messages are not converted.",
            test=WORD_FOR_WORD,
            exchange_accepts="TextOnly (0) to Tnef (6)",
        ),
        Parameter(
            name="suppress_read_receipt",
            notation=NO_SUPPRESSION,
            default=False,
            answer=Answer.REFUSED,
            source=f"{words.cmdlet} -SuppressReadReceipt",
            text="Only false is taken: it is mail programs that send receipts.",
            test=WORD_FOR_WORD,
            exchange_accepts="true or false",
        ),
    )
    return (*common, _sort_order(words) if words is POP else _hidden_folders(words))


def _sort_order(words: ProtocolWords) -> Parameter:
    return Parameter(
        name="message_retrieval_sort_order",
        notation=only_word(
            SortOrder, SortOrder.ASCENDING, "Dovecot numbers messages in the order of their arrival", first=0
        ),
        default="Ascending",
        answer=Answer.REFUSED,
        source=f"{words.cmdlet} -MessageRetrievalSortOrder",
        text="Only Ascending (0) is taken: the oldest message is the first.",
        test=WORD_FOR_WORD,
        exchange_accepts="Descending (1) as well",
    )


def _hidden_folders(words: ProtocolWords) -> Parameter:
    return Parameter(
        name="show_hidden_folders_enabled",
        notation=only(BOOLEAN, value=False, reason="there are no hidden folders to show"),
        default=False,
        answer=Answer.FIXED,
        source=f"{words.cmdlet} -ShowHiddenFoldersEnabled",
        text="Whether hidden folders are shown: there are none.",
        test=WORD_FOR_WORD,
        exchange_accepts="true or false",
    )
