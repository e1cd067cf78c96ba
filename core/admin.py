"""The base of every admin page: an administrator sees, chooses and changes what lies in the own subtree, no more.

This app knows nothing of grids: `grids.admin` says with `seats_from` how a person's posts of today are read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.utils.translation import gettext as _

from core.admin_export import ExportsAdmin

ENTRY = "grids.change_grid"  # the permission whose posts open the admin
NOTHING = Q(pk__in=[])
_seats_of: Callable | None = None


def seats_from(provider: Callable):
    """`provider(user)` gives the posts of today: objects with `path`, `level`, `may(permission)`, `covers(path)`."""
    global _seats_of
    _seats_of = provider


@dataclass(frozen=True)
class Realm:
    """What a person administers: those posts of today that open the admin, and nothing of their other posts."""

    seats: tuple

    @classmethod
    def of(cls, user) -> "Realm":
        seats = _seats_of(user) if _seats_of else ()
        return cls(tuple(seat for seat in seats if seat.may(ENTRY)))

    def may(self, permission: str) -> bool:
        return any(seat.may(permission) for seat in self.seats)

    def may_at(self, permission: str, path: str) -> bool:
        return any(seat.may(permission) and seat.covers(path) for seat in self.seats)

    def may_everywhere(self, permission: str) -> bool:
        """From a post at the whole territory: only there can be changed what everybody shares."""
        return any(seat.may(permission) and seat.level == 0 for seat in self.seats)

    def roots(self, permission: str) -> frozenset[str]:
        return frozenset(seat.path for seat in self.seats if seat.may(permission))

    def q(self, permission: str, *paths: str) -> Q:
        """Rows one of whose `paths` (look-ups of a grid's path) lies in the subtree."""
        below = [
            Q(**{f"{path}__startswith": root}) for path in paths for root in sorted(self.roots(permission))
        ]
        return reduce(or_, below, NOTHING)


def follow(obj, lookup: str):
    """The value of a look-up such as `unit__grid__path` on an object; None where the way breaks off."""
    for name in lookup.split("__"):
        if obj is None:
            return None
        obj = getattr(obj, name, None)
    return obj


class ScopedChoices:
    """Choices of foreign keys, in lists, autocomplete and validation alike: what the related admin shows."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(related, ScopedAdmin) and "queryset" not in kwargs:
            kwargs["queryset"] = related.choices(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ScopedAdmin(ExportsAdmin, ScopedChoices, admin.ModelAdmin):
    """Rows whose grid lies in the administrator's subtree.

    `scope_paths`: look-ups of the path of a row's grid (several: any to see it, all of them to change it).
    `reads_by`: the permission that shows the rows, by default the model's own.
    """

    scope_paths: tuple[str, ...] = ()
    reads_by: str | None = None
    bulk_delete = False
    show_full_result_count = False
    list_per_page = 50

    # -- permissions

    def permission(self, verb: str) -> str:
        if verb == "view" and self.reads_by:
            return self.reads_by
        return f"{self.opts.app_label}.{verb}_{self.opts.model_name}"

    def paths_of(self, obj) -> list[str]:
        return [path for lookup in self.scope_paths if (path := follow(obj, lookup))]

    def may_see(self, realm: Realm, obj) -> bool:
        return any(realm.may_at(self.permission("view"), path) for path in self.paths_of(obj))

    def may_change(self, realm: Realm, verb: str, obj) -> bool:
        paths = self.paths_of(obj)
        return bool(paths) and all(realm.may_at(self.permission(verb), path) for path in paths)

    def has_view_permission(self, request, obj=None):
        realm = Realm.of(request.user)
        return realm.may(self.permission("view")) and (obj is None or self.may_see(realm, obj))

    def has_add_permission(self, request):
        return Realm.of(request.user).may(self.permission("add"))

    def has_change_permission(self, request, obj=None):
        realm = Realm.of(request.user)
        return realm.may(self.permission("change")) and (obj is None or self.may_change(realm, "change", obj))

    def has_delete_permission(self, request, obj=None):
        realm = Realm.of(request.user)
        return realm.may(self.permission("delete")) and (obj is None or self.may_change(realm, "delete", obj))

    def has_module_permission(self, request):
        return Realm.of(request.user).may(self.permission("view"))

    # -- rows

    def rows(self, request) -> Q:
        return Realm.of(request.user).q(self.permission("view"), *self.scope_paths)

    def get_queryset(self, request):
        return super().get_queryset(request).filter(self.rows(request))

    def choices(self, request):
        """What may be chosen of this model elsewhere."""
        return self.get_queryset(request)

    # -- changes

    def get_actions(self, request):
        actions = super().get_actions(request)
        if not self.bulk_delete:
            actions.pop("delete_selected", None)
        return actions

    def save_model(self, request, obj, form, change):
        """The form offers only the own subtree; this is for whoever writes the request by hand."""
        if not self.may_change(Realm.of(request.user), "change" if change else "add", obj):
            raise PermissionDenied(_("This lies outside what you administer."))
        super().save_model(request, obj, form, change)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            # The forms check the same before; the database has the last word between two administrators.
            messages.error(request, _("Not saved: it contradicts what somebody else has saved meanwhile."))
            return HttpResponseRedirect(request.get_full_path())


class ReadOnly:
    """Nothing is added, changed or deleted here: services write these rows, and history is append-only."""

    actions = None

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnlyAdmin(ReadOnly, ScopedAdmin):
    """Rows of the subtree to look at."""


class SharedAdmin(ScopedAdmin):
    """Tables that the whole territory shares: every administrator sees them, one of the whole territory changes them."""

    def rows(self, request):
        return Q() if Realm.of(request.user).may(self.permission("view")) else NOTHING

    def may_see(self, realm, obj):
        return True

    def may_change(self, realm, verb, obj):
        return realm.may_everywhere(self.permission(verb))

    def has_add_permission(self, request):
        return Realm.of(request.user).may_everywhere(self.permission("add"))

    def has_change_permission(self, request, obj=None):
        return Realm.of(request.user).may_everywhere(self.permission("change"))

    def has_delete_permission(self, request, obj=None):
        return Realm.of(request.user).may_everywhere(self.permission("delete"))


class ScopedInline(ScopedChoices, admin.TabularInline):
    """Rows of an inline that lie in the subtree, with the permissions of the model's own admin page."""

    scope_paths: tuple[str, ...] = ()
    extra = 0

    def _may(self, request, verb):
        return Realm.of(request.user).may(f"{self.opts.app_label}.{verb}_{self.opts.model_name}")

    def has_view_permission(self, request, obj=None):
        return self._may(request, "view")

    def has_add_permission(self, request, obj=None):
        return self._may(request, "add")

    def has_change_permission(self, request, obj=None):
        return self._may(request, "change")

    def has_delete_permission(self, request, obj=None):
        return self._may(request, "delete")

    def get_queryset(self, request):
        realm = Realm.of(request.user)
        shown = realm.q(f"{self.opts.app_label}.view_{self.opts.model_name}", *self.scope_paths)
        return super().get_queryset(request).filter(shown)


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    """Rows that belong to a row already shown, to look at."""

    extra = 0
    can_delete = False

    class Media:
        css = {"all": ("admin/desk.css",)}

    def has_view_permission(self, request, obj=None):
        return True
