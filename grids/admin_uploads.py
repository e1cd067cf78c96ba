"""The import pages of this app: forms over grids.services."""

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.services import password_lines
from core.admin import Realm
from core.admin_upload import Upload, file_field
from core.errors import NotFound
from grids.models import Grid
from grids.services import boundaries, divisions, staff, units


class DivisionsForm(forms.Form):
    source = file_field(
        gettext_lazy("Divisions"),
        required=False,
        help_text=gettext_lazy(
            "Columns: code, name, level, parent_code. Empty: those that come with the system."
        ),
    )
    areas = file_field(
        gettext_lazy("Areas (level 1)"),
        required=False,
        help_text=gettext_lazy("Columns: town code, area code, area name. Empty: as they are."),
    )
    grids = file_field(
        gettext_lazy("Grids (level 4)"),
        required=False,
        help_text=gettext_lazy("Columns: grid code (15 digits), grid name."),
    )
    with_centres = forms.BooleanField(
        label=gettext_lazy("A centre for every grid of levels 0 to 3"), required=False
    )


class BoundariesForm(forms.Form):
    file = file_field(gettext_lazy("GeoJSON file"), accept=".geojson,.json")
    tolerance = forms.FloatField(
        label=gettext_lazy("Tolerance in metres"), min_value=0, max_value=500, initial=boundaries.TOLERANCE_M
    )
    synthetic = forms.BooleanField(label=gettext_lazy("The shapes were generated"), required=False)


class StaffForm(forms.Form):
    file = file_field(gettext_lazy("Staff roll"))
    passwords = forms.BooleanField(
        label=gettext_lazy("Initial passwords for new people"),
        required=False,
        help_text=gettext_lazy("They are downloaded once, with the import, and kept nowhere."),
    )


class UnitsForm(forms.Form):
    file = file_field(gettext_lazy("Table of units"))


def _import_divisions(request, values, dry_run):
    root = Grid.objects.filter(level=0, valid_until=None).defer("boundary").first()
    if root is None:
        raise NotFound(_("The whole territory comes from the command import_divisions."))
    city = root.code.endswith("00000000")
    return divisions.summary(
        divisions.import_divisions(
            code=root.code[:4] if city else root.code,
            name=root.name,
            areas=values["areas"] or (None if city else divisions.areas_there()),
            grids=values["grids"],
            source=values["source"] or divisions.DIVISIONS,
            with_centres=values["with_centres"],
            dry_run=dry_run,
        )
    )


def _import_boundaries(request, values, dry_run):
    done = boundaries.import_boundaries(
        source=values["file"],
        tolerance=values["tolerance"],
        synthetic=values["synthetic"],
        dry_run=dry_run,
        actor_roots=Realm.of(request.user).roots("grids.change_grid"),
    )
    return boundaries.summary(done)


def _import_staff(request, values, dry_run):
    done = staff.import_staff(
        source=values["file"],
        name=values["file"].name,
        actor=request.user,
        actor_roots=Realm.of(request.user).roots("grids.add_post"),
        make_passwords=values["passwords"],
        dry_run=dry_run,
    )
    if not done.passwords:
        return staff.summary(done)
    response = HttpResponse(
        "\ufeff" + "".join(password_lines(done.passwords)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="passwords.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _import_units(request, values, dry_run):
    done = units.import_units(
        source=values["file"],
        name=values["file"].name,
        actor_roots=Realm.of(request.user).roots("grids.change_unit"),
        dry_run=dry_run,
    )
    return units.summary(done)


def _may_import_units(request):
    realm = Realm.of(request.user)
    return realm.may("grids.add_unit") and realm.may("grids.change_unit")


def _may_import_staff(request):
    realm = Realm.of(request.user)
    return all(
        map(realm.may, ("grids.add_post", "grids.change_post", "accounts.add_user", "accounts.change_user"))
    )


DIVISIONS = Upload(
    name="import-divisions",
    title=gettext_lazy("Import divisions"),
    help=gettext_lazy(
        "Brings the grids of levels 0 to 4 to what the files say: new ones are added, names and parents follow. "
        "All or nothing; the same files twice change nothing."
    ),
    form=DivisionsForm,
    run=_import_divisions,
    may=lambda request: Realm.of(request.user).may_everywhere("grids.add_grid"),
)
BOUNDARIES = Upload(
    name="import-boundaries",
    title=gettext_lazy("Import boundaries"),
    help=gettext_lazy(
        "A GeoJSON file in WGS 84 degrees; each feature names its grid in the property “code”. Shapes that are not "
        "valid, leave their parent or overlap a sibling are listed, and then nothing is written."
    ),
    form=BoundariesForm,
    run=_import_boundaries,
    may=lambda request: Realm.of(request.user).may("grids.change_grid"),
)
STAFF = Upload(
    name="import-staff",
    title=gettext_lazy("Import staff roll"),
    help=gettext_lazy(
        "Excel (.xlsx) or CSV with the columns 工号, 姓名, 角色, 网格/单位编码, and if you like 用户名, 手机, 身份证号, "
        "起, 止 (the last day). One row per post. Empty cells change nothing, nobody is removed. All or nothing."
    ),
    form=StaffForm,
    run=_import_staff,
    may=_may_import_staff,
)
UNITS = Upload(
    name="import-units",
    title=gettext_lazy("Import units"),
    help=gettext_lazy(
        "Excel (.xlsx) or CSV with the columns 单位编码, 单位名称, 类型 (中心 or 部门), 网格编码, for departments 部门类别, "
        "and if you like 办公电话, 启用. The exported list is such a file. Empty cells change nothing, no unit is removed. "
        "All or nothing; the same file twice changes nothing."
    ),
    form=UnitsForm,
    run=_import_units,
    may=_may_import_units,
)
