"""A page as PDF, by WeasyPrint: A4, tagged for screen readers (PDF/UA-1), with the fonts that it needs inside."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator


class PrintingError(Exception):
    """What keeps this machine from making a PDF, and the remedy."""


def pdf(page: str) -> bytes:
    """The PDF of a page that needs nothing else: whatever it refers to is neither fetched nor read.

    Raises PrintingError where Pango is missing, and where no font has a character of the page: boxes help nobody.
    """
    try:
        # Pango is loaded with it, so only who wants a PDF needs that. Its own advice would go to standard output.
        with contextlib.redirect_stdout(io.StringIO()):
            import weasyprint  # noqa: PLC0415
    except OSError as error:
        raise PrintingError(f"{error}: a PDF needs Pango and HarfBuzz; `tools/bootstrap pdf` installs them") from error
    with _complaints() as complaints:
        nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
        made: bytes = weasyprint.HTML(string=page, url_fetcher=nothing).write_pdf(pdf_variant="pdf/ua-1")
    if complaints:
        raise PrintingError(
            f"{complaints[0]}: the page is whole with the fonts of `tools/bootstrap pdf` and nothing from elsewhere"
        )
    return made


class _Keep(logging.Handler):
    """A handler that keeps what is said."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps it."""
        self.kept.append(record.getMessage())


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    logger, handler = logging.getLogger("weasyprint"), _Keep()
    logger.addHandler(handler)
    try:
        yield handler.kept
    finally:
        logger.removeHandler(handler)
