"""How the commands of this app say what is wrong."""

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

MOST = 200  # lines: a file of the wrong kind is wrong in every row


def fail(command: BaseCommand, error):
    """Write each sentence of a DomainError on a line of its own and end the command with its message."""
    sentences = [sentence for said in error.fields.values() for sentence in said]
    for sentence in sentences[:MOST]:
        command.stderr.write(sentence)
    if len(sentences) > MOST:
        command.stderr.write(_("… and %(count)s more.") % {"count": len(sentences) - MOST})
    raise CommandError(str(error.message)) from error
