"""The admin's door: one log-in for the whole house, open only to administrators of some grid."""

from collections.abc import Callable

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from core.admin import Realm

WITHOUT_PAGES = {"knox", "rest_framework_api_key"}  # tokens and keys that belong to no unit


class DeskSite(AdminSite):
    """Who is staff and holds an administrator's post today comes in; being a superuser opens nothing.

    `notes`: functions that return sentences for the first page ([] if all is well); apps append theirs.
    """

    site_header = _("gridcenter administration")
    site_title = _("gridcenter administration")
    index_title = _("What you administer")
    index_template = "admin/desk_index.html"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.notes: list[Callable[[], list[str]]] = []

    def register(self, model_or_iterable, admin_class=None, **options):
        """Leaves out what libraries register: their pages ask no post where it lies."""
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        wanted = [model for model in models if model._meta.app_label not in WITHOUT_PAGES]
        super().register(wanted, admin_class, **options)

    def has_permission(self, request):
        return request.user.is_active and request.user.is_staff and bool(Realm.of(request.user).seats)

    @method_decorator(never_cache)
    def login(self, request, extra_context=None):
        """The same log-in page as everywhere, with the same lock after wrong passwords."""
        target = request.GET.get("next") or reverse("admin:index", current_app=self.name)
        if not request.user.is_authenticated:
            return redirect_to_login(target)
        if not self.has_permission(request):
            raise PermissionDenied(_("The administration is open to district administrators only."))
        return redirect("admin:index")

    def index(self, request, extra_context=None):
        notes = [sentence for note in self.notes for sentence in note()]
        return super().index(request, {"notes": notes, **(extra_context or {})})
