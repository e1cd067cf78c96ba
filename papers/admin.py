"""Papers of the subtree, to look at: who had what made, when and why. The files themselves are their owners' alone."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from papers.models import Paper


@admin.register(Paper)
class PaperAdmin(ReadOnlyAdmin):
    scope_paths = ("grid__path",)
    list_display = ("created_at", "kind", "title", "owner", "grid", "unmasked", "status", "pages")
    list_filter = ("kind", "status", "unmasked")
    search_fields = ("title", "owner__name")
    fields = (
        ("kind", "title"), "owner", "grid", ("unmasked", "reason"), ("status", "pages"), ("created_at", "started_at"),
        ("as_of", "ready_at", "expires_at"),
    )  # fmt: skip
    export_columns = (
        "created_at", "kind", "title", "owner__name", "grid__name", "unmasked", "reason", "status", "pages", "ready_at",
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("owner", "grid").defer("grid__boundary")
