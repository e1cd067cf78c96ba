"""Grids, units, posts and people in the admin, and the imports of divisions, boundaries and staff."""

import json

from csp.constants import NONCE
from django.contrib import admin
from django.db.models import Prefetch, Q
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.html import json_script
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportMixin
from leaflet.admin import LeafletAdminWidget, LeafletGeoAdmin

from accounts.admin import PersonAdmin
from accounts.models import User
from core.admin import Realm, ScopedAdmin, ScopedInline, SharedAdmin, follow, seats_from
from core.admin_filters import InForce
from core.admin_tables import PlainTables, Table
from core.admin_upload import UploadsAdmin
from grids import admin_exports, admin_uploads
from grids.admin_exports import POST_PATHS
from grids.admin_forms import GridForm, PostForm, UnitForm
from grids.models import DepartmentKind, Grid, LevelName, Post, Unit
from grids.scope import Scope
from grids.services.administrators import admit

seats_from(lambda user: Scope.of(user).seats)


class PostsInForce(InForce):
    fields = ("since", "until")


class BoundaryWidget(LeafletAdminWidget):
    """Drawing tools in the reader's language: the library leaves their words out of the admin."""

    def get_context(self, name, value, attrs):
        return {**super().get_context(name, value, attrs), "with_forms": True}

    def render(self, *args, **kwargs):
        return json_script(True, "with-forms") + super().render(*args, **kwargs)  # what its script asks for


@admin.register(Grid)
class GridAdmin(UploadsAdmin, ScopedAdmin, LeafletGeoAdmin):
    """The tree. A grid is ended, not deleted, once anything has happened in it."""

    form = GridForm
    widget = BoundaryWidget
    scope_paths = ("path",)
    list_display = ("code", "name", "level", "parent", "valid_from", "valid_until", "synthetic")
    list_filter = ("level", InForce, "synthetic")
    search_fields = ("code", "name")
    autocomplete_fields = ("parent",)
    readonly_fields = ("level", "synthetic")
    fields = (
        "code",
        "name",
        "parent",
        "level",
        "valid_from",
        "valid_until",
        "colour",
        "synthetic",
        "boundary",
    )
    uploads = (admin_uploads.DIVISIONS, admin_uploads.BOUNDARIES)
    export_columns = admin_exports.GRIDS
    file_formats = {**ScopedAdmin.file_formats, "geojson": admin_exports.GEOJSON}

    class Media:
        css = {"all": ("admin/desk.css",)}
        js = ("admin/around.js",)

    def get_urls(self):
        around = path("<int:pk>/around/", self.admin_site.admin_view(self.around), name="grids_grid_around")
        return [around, *super().get_urls()]

    def around(self, request, pk):
        """GeoJSON of the parent and the siblings, as far as they are this administrator's."""
        grid = get_object_or_404(super().get_queryset(request), pk=pk)
        near = Q(pk=grid.parent_id) | Q(parent=grid.parent_id, level=grid.level)
        rows = super().get_queryset(request).valid_on().filter(near, boundary__isnull=False).exclude(pk=pk)
        features = [
            {
                "type": "Feature",
                "properties": {"name": row.name, "kind": "parent" if row.pk == grid.parent_id else "sibling"},
                "geometry": json.loads(row.boundary.geojson),
            }
            for row in rows
        ]
        return JsonResponse({"type": "FeatureCollection", "features": features})

    def get_queryset(self, request):
        # Boundaries are large: only the page of one grid needs its own.
        rows = super().get_queryset(request).select_related("parent").defer("parent__boundary")
        return rows if follow(request, "resolver_match__kwargs") else rows.defer("boundary")

    def choices(self, request):
        return super().get_queryset(request).valid_on().defer("boundary")

    def changeform_view(self, request, *args, **kwargs):
        response = super().changeform_view(request, *args, **kwargs)
        # The map's one inline script carries this request's nonce; nothing else inline is let through.
        response._csp_update = {"script-src": [NONCE]}
        return response

    def save_model(self, request, obj, form, change):
        if "boundary" in form.changed_data:
            obj.synthetic = False  # drawn by a person, not generated
        super().save_model(request, obj, form, change)

    def paths_of(self, obj):
        """A new grid has no path yet: it will lie below its parent."""
        return [obj.path or obj.parent.path]

    def get_readonly_fields(self, request, obj=None):
        own = obj is not None and obj.path in Realm.of(request.user).roots(self.permission("change"))
        # The place of one's own grid in the tree is decided above it.
        return (
            *super().get_readonly_fields(request, obj),
            *(("parent", "code", "valid_until") if own else ()),
        )

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not any(used.exists() for used in self._uses(obj)))

    def _uses(self, grid):
        return (grid.children, grid.units, grid.posts, grid.events)

    def get_search_results(self, request, queryset, search_term):
        found, repeated = super().get_search_results(request, queryset, search_term)
        if "/autocomplete/" in request.path:
            found = found.valid_on()
        return found, repeated


@admin.register(Unit)
class UnitAdmin(UploadsAdmin, ScopedAdmin):
    """Centres and departments. One that is closed is made inactive: the history names it."""

    form = UnitForm
    scope_paths = ("grid__path",)
    list_display = ("code", "name", "kind", "department_kind", "grid", "active")
    list_filter = ("kind", "active", "grid__level", "department_kind")
    search_fields = ("code", "name")
    autocomplete_fields = ("grid", "department_kind")
    uploads = (admin_uploads.UNITS,)
    export_columns = admin_exports.UNITS

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("grid", "department_kind")
        return rows.defer("grid__boundary")

    def has_delete_permission(self, request, obj=None):
        return False

    def get_readonly_fields(self, request, obj=None):
        own = obj is not None and obj.grid.path in Realm.of(request.user).roots(self.permission("change"))
        return ("grid",) if own else ()


def _is_oneself(request, user_id) -> bool:
    """Nobody gives themselves posts, or changes or ends their own: separation of duties, and nobody locks themselves out."""
    return user_id == request.user.pk


@admin.register(Post)
class PostAdmin(UploadsAdmin, ScopedAdmin):
    """Who does what where, from when until when. A post that was held is ended; one entered by mistake is deleted."""

    form = PostForm
    scope_paths = POST_PATHS
    list_display = ("user", "role", "grid", "unit", "since", "until")
    list_filter = ("role", PostsInForce)
    search_fields = (
        "user__name",
        "user__username",
        "user__staff_number",
        "grid__name",
        "grid__code",
        "unit__name",
    )
    autocomplete_fields = ("user", "grid", "unit")
    uploads = (admin_uploads.STAFF,)
    export_columns = admin_exports.POSTS

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("user", "grid", "unit__grid")
        return rows.defer("grid__boundary", "unit__grid__boundary")

    def export_rows(self, request, queryset):
        return admin_exports.with_places(queryset)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        form.actor_id = request.user.pk
        return form

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and _is_oneself(request, obj.user_id))

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not (obj and _is_oneself(request, obj.user_id))

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        admit(obj)


class PostInline(ScopedInline):
    """A person's posts in the subtree. Somebody new needs one, unless the whole territory's administrator adds them."""

    model = Post
    scope_paths = POST_PATHS
    autocomplete_fields = ("grid", "unit")

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("grid", "unit__grid")
        return rows.defer("grid__boundary", "unit__grid__boundary")

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and not (obj and _is_oneself(request, obj.pk))

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and _is_oneself(request, obj.pk))

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not (obj and _is_oneself(request, obj.pk))

    def get_min_num(self, request, obj=None, **kwargs):
        return 0 if obj or Realm.of(request.user).may_everywhere("accounts.add_user") else 1

    def get_formset(self, request, obj=None, **kwargs):
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(User)
class UserAdmin(UploadsAdmin, PersonAdmin):
    """People with a post in the subtree; those without any belong to the whole territory's administrators.

    A person is changed (password, phone, name) only by an administrator of all the places where they hold a post:
    else a street could take over an account of the county. Superusers are changed by superusers only.
    """

    inlines = (PostInline,)
    list_display = (*PersonAdmin.list_display, "posts_today")
    uploads = (admin_uploads.STAFF,)
    export_columns = admin_exports.PEOPLE

    def rows(self, request):
        realm = Realm.of(request.user)
        if realm.may_everywhere(self.permission("view")):
            return Q()
        held = Post.objects.filter(realm.q(self.permission("view"), *POST_PATHS)).order_by()
        return Q(pk__in=held.values("user"))

    def get_queryset(self, request):
        held = Post.objects.filter(Realm.of(request.user).q("grids.view_post", *POST_PATHS)).on()
        held = held.select_related("grid", "unit__grid").defer("grid__boundary", "unit__grid__boundary")
        return super().get_queryset(request).prefetch_related(Prefetch("posts", held, "posts_shown"))

    def save_formset(self, request, form, formset, change):
        super().save_formset(request, form, formset, change)
        for post in formset.new_objects:
            admit(post)

    @admin.display(description=_("posts today"))
    def posts_today(self, user):
        return "；".join(f"{post.get_role_display()} {post.grid or post.unit}" for post in user.posts_shown)

    def paths_of(self, obj):
        """Where the person's posts lie that have not ended."""
        held = obj.posts.exclude(until__lte=timezone.localdate()).values_list(*POST_PATHS)
        return [grid or unit for grid, unit in held]

    def may_see(self, realm, obj):
        if realm.may_everywhere(self.permission("view")):
            return True
        return obj.posts.filter(realm.q(self.permission("view"), *POST_PATHS)).exists()

    def may_change(self, realm, verb, obj):
        if obj.pk is None or realm.may_everywhere(self.permission(verb)):
            return True
        return super().may_change(realm, verb, obj)

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)


class KindTable(Table):
    class Meta(Table.Meta):
        model = DepartmentKind
        import_id_fields = ("code",)
        fields = ("code", "name", "name_en", "sort")


@admin.register(DepartmentKind)
class DepartmentKindAdmin(PlainTables, ImportExportMixin, SharedAdmin):
    resource_classes = (KindTable,)
    list_display = ("code", "name", "name_en", "sort")
    search_fields = ("code", "name", "name_en")


class LevelTable(Table):
    class Meta(Table.Meta):
        model = LevelName
        import_id_fields = ("level",)
        fields = ("level", "name")


@admin.register(LevelName)
class LevelNameAdmin(PlainTables, ImportExportMixin, SharedAdmin):
    resource_classes = (LevelTable,)
    list_display = ("level", "name")
