"""Import and export of small tables (django-import-export): csv and xlsx, checked like forms, refused in words."""

from import_export import resources
from import_export.formats.base_formats import CSV, XLSX

from core.admin import Realm


class Table(resources.ModelResource):
    """Rows are found by `import_id_fields`; the same file twice changes nothing; one mistake and nothing is written."""

    class Meta:
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True
        use_transactions = True


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
