"""What all records of the registry share: a grid that says whose they are."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from grids.scope import Scope

VIEW = "residents.view_registry"


class RegistryQuerySet(models.QuerySet):
    """`grid_path`: the look-up of the path of a row's grid."""

    grid_path = "grid__path"

    def visible_to(self, user):
        """Rows in grids where a post of today lets this person read the registry; nothing without one."""
        return self.permitted(user, VIEW)

    def permitted(self, user, permission: str):
        """Rows in grids where a post of today gives `permission`."""
        return self.filter(Scope.of(user).permission_q(permission, self.model.objects.all().grid_path))

    def current(self):
        """Without what was pulled down, closed, dissolved."""
        return self.filter(ended_on=None)


class Registered(models.Model):
    """A record of the registry. `grid` follows the building (database trigger `residents_carry`)."""

    grid = models.ForeignKey("grids.Grid", models.PROTECT, related_name="+", verbose_name=_("grid"))
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("last confirmed or changed"), default=timezone.now, editable=False)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        abstract = True
