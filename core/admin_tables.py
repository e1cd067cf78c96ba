"""Import and export of small tables (django-import-export): csv and xlsx, checked like forms, refused in words."""

import logging

from import_export import resources
from import_export.formats.base_formats import CSV, XLSX

from core.admin import Realm
from core.sheets import restored, safe

log = logging.getLogger(__name__)


class Table(resources.ModelResource):
    """Rows are found by `import_id_fields`; the same file twice changes nothing; one mistake and nothing is written."""

    class Meta:
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True
        use_transactions = True

    def export_field(self, field, instance, **kwargs):
        return safe(super().export_field(field, instance, **kwargs))

    def before_import_row(self, row, **kwargs):
        for name, value in row.items():
            row[name] = restored(value)


class PlainTables:
    """Mixin before ImportExportMixin: two formats, who may what, and no traceback on the page."""

    formats = (XLSX, CSV)
    import_formats = export_formats = formats
    import_template_name = "admin/import_export/import_plain.html"

    def has_import_permission(self, request):
        realm = Realm.of(request.user)
        return all(realm.may_everywhere(self.permission(verb)) for verb in ("add", "change"))

    def has_export_permission(self, request):
        return Realm.of(request.user).may(self.permission("view"))

    def get_data_for_export(self, request, queryset, **kwargs):
        """The rows of the file, and a line in the log: who took what out of the system."""
        made = super().get_data_for_export(request, queryset, **kwargs)
        facts = {"user_id": request.user.pk, "model": self.opts.label, "rows": len(made)}
        log.info("export: user %(user_id)s took %(rows)s rows of %(model)s", facts, extra=facts)
        return made
