"""Who may know of a class of care: given by somebody else, and every change written down."""

from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Invalid
from grids.models import Post
from residents.models import CareClass
from residents.services import access


def check_roles(*, actor, group: str, before, after):
    """Nobody lets themselves into a statutory register. Raises Invalid where a role that they hold gains access."""
    if group != CareClass.Group.STATUTORY:
        return
    held = Post.objects.filter(user_id=actor.pk).exclude(until__lte=timezone.localdate())
    if (set(after) - set(before)) & set(held.values_list("role", flat=True)):
        words = _("Nobody lets a role of their own into a statutory register: somebody without that role does.")
        raise Invalid(fields={"roles": [words]})


def note_roles(*, actor, care_class, before, address: str = ""):
    """Who may know of the class now, and who could before, into the log that supervisors read."""
    if set(before) != set(care_class.roles):
        access.log_roles(
            actor=actor, class_id=care_class.pk, before=before, after=care_class.roles, address=address
        )
