"""HTML to PDF, laid out here: nothing is fetched, neither a file nor another host; fonts are the machine's."""

import logging
import warnings

from PIL import ImageFile
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

__all__ = ["HTML", "FontConfiguration", "Nothing", "URLFetcher", "URLFetcherResponse", "pdf"]

# WeasyPrint lets half a picture pass as a whole one, for the whole process: a broken upload would be accepted.
ImageFile.LOAD_TRUNCATED_IMAGES = False
for name in ("weasyprint", "weasyprint.progress"):  # otherwise each unknown CSS property and each step is a line
    logging.getLogger(name).setLevel(logging.ERROR)


class Nothing(URLFetcher):
    """Refuses every address that a document may ask for."""

    def __init__(self):
        super().__init__(allowed_protocols=(), fail_on_errors=True)

    def fetch(self, url, headers=None):
        raise ValueError(url[:80])


def pdf(html: str) -> bytes:
    """One document. Raises what WeasyPrint raises for an address that it asks for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return HTML(string=html, url_fetcher=Nothing(), base_url=None).write_pdf()
