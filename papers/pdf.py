"""HTML to PDF. Nothing is fetched: pictures are given, fonts are the machine's, everything else is refused."""

import logging
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from django.utils.translation import gettext as _

from core.errors import Invalid
from core.pdf import HTML, FontConfiguration, URLFetcher, URLFetcherResponse
from papers import SCHEME
from papers.models import Phase

log = logging.getLogger(__name__)


class Refused(ValueError):
    """An address that a paper may not ask for."""


class Given(URLFetcher):
    """Hands out the pictures of a paper (`paper:name`) and refuses everything else, be it a file or another host."""

    def __init__(self, picture: Callable[[str], bytes] | None = None):
        super().__init__(allowed_protocols=(), fail_on_errors=True)
        self.picture = picture

    def fetch(self, url, headers=None):
        if self.picture is None or not url.startswith(SCHEME):
            raise Refused(url[:80])
        body = self.picture(url.removeprefix(SCHEME))
        return URLFetcherResponse(url, body, {"Content-Type": "image/jpeg"})


def write(parts: Iterable[str], target: Path, *, picture=None, tell=None, most_pages: int) -> int:
    """Lay out HTML documents one after another into one PDF; returns its pages. `tell(phase, finished parts)`.

    Raises Invalid where it would have more than `most_pages`.
    """
    tell = tell or (lambda phase, done: None)
    fonts, fetcher = FontConfiguration(), Given(picture)
    first, pages = None, []
    for done, html in enumerate(parts, start=1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document = HTML(string=html, url_fetcher=fetcher, base_url=None).render(font_config=fonts)
        first = first or document
        pages += document.pages
        if len(pages) > most_pages:
            raise Invalid(_("This paper would have more than %(most)s pages: choose less.") % {"most": most_pages})
        tell(Phase.LAYOUT, done)
    if first is None:
        raise Invalid(_("There is nothing to print."))
    tell(Phase.WRITE, done)
    first.copy(pages).write_pdf(target, optimize_images=False, jpeg_quality=None, cache=None)
    return len(pages)

