"""What services raise. Views, API, admin and commands turn them into words for their reader."""

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """Something the user can understand and mend.

    `status` is the HTTP status it answers with, `code` a stable word for machines, `fields` maps a field's name
    to the list of what is wrong with it, `facts` holds further JSON-able values (who was first, for instance).
    """

    status = 400
    code = "invalid"
    title = _("The request cannot be carried out.")

    def __init__(self, message=None, *, fields=None, **facts):
        self.message = message or self.title
        self.fields = fields or {}
        self.facts = facts
        super().__init__(str(self.message))


class Invalid(DomainError):
    """The input is wrong: `fields` says which field and what was expected."""

    title = _("Some of the input is missing or wrong.")


class Refused(DomainError):
    """This person may not do that here."""

    status = 403
    code = "refused"
    title = _("You may not do this.")


class NotFound(DomainError):
    """It does not exist, or it is not this person's to see: the two are not told apart."""

    status = 404
    code = "not_found"
    title = _("There is no such record, or it is not yours to see.")


class Conflict(DomainError):
    """The state has changed meanwhile: `facts` says who did what, and when."""

    status = 409
    code = "conflict"
    title = _("Somebody else was faster.")
