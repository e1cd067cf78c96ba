"""PDF files as people send them: whole, open to everyone, and doing nothing by themselves."""

import logging

from django.utils.translation import gettext as _
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

__all__ = ["Unfit", "check_pdf"]

TAIL_BYTES = 2048  # readers look for the end of a PDF in its last kilobyte; some scanners add lines behind it
MOST_OBJECTS = 50_000  # two seconds to look through; 20 MB of pages from a word processor have a tenth of it
# Actions (PDF 1.7, 12.6.4) that run something: the others turn pages, open addresses, play or send forms on a click.
ACTIVE = {"/JavaScript", "/Launch", "/ImportData"}
MEDIA = {"/RichMedia", "/3D"}  # annotations that carry programs

logging.getLogger("pypdf").setLevel(logging.ERROR)  # otherwise every oddity of a scanner is a line


class Unfit(ValueError):
    """What is wrong with a document, in plain words."""


def check_pdf(file):
    """Raises Unfit for a PDF that is broken or cut off, encrypted, or carries scripts or programs to start."""
    try:
        active = _is_active(_opened(file))
    except Unfit:
        raise
    except Exception as error:  # pypdf promises no set of exceptions for files that somebody has invented
        raise _broken() from error
    if active:
        raise Unfit(_("The PDF carries scripts or programs. Print it into a new PDF and send that."))


def _broken():
    return Unfit(_("The PDF cannot be read: it is broken or incomplete."))


def _opened(file) -> PdfReader:
    file.seek(0, 2)
    file.seek(max(file.tell() - TAIL_BYTES, 0))
    if b"startxref" not in file.read():
        raise _broken()  # cut off: pypdf would make do with the first pages
    file.seek(0)
    reader = PdfReader(file)
    if reader.is_encrypted:
        raise Unfit(_("The PDF is locked with a password or against changes. Send it without protection."))
    if not sum(1 for _page in reader.pages):
        raise _broken()
    return reader


def _is_active(reader) -> bool:
    numbers = {(pk, generation) for generation, of in reader.xref.items() for pk in of if pk}
    numbers |= {(pk, 0) for pk in reader.xref_objStm}
    if len(numbers) > MOST_OBJECTS:
        raise Unfit(_("The PDF has too many parts to be looked through. Print it into a new PDF and send that."))
    return any(_acts(reader.get_object(IndirectObject(pk, generation, reader))) for pk, generation in numbers)


def _acts(found) -> bool:
    """Whether an object, or one written inside it, starts something; what it refers to is looked at by its own number."""
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, DictionaryObject):
            if _named(one, "/S") in ACTIVE or _named(one, "/Subtype") in MEDIA or "/XFA" in one:
                return True
            waiting += [value for value in one.values() if not isinstance(value, IndirectObject)]
        elif isinstance(one, ArrayObject):
            waiting += [value for value in one if not isinstance(value, IndirectObject)]
    return False


def _named(one, key) -> str:
    return str(one[key]) if key in one else ""  # [] follows a reference, get() does not
