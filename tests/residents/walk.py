"""What tests/test_walk.py needs of the registry: a person of the west with everything, and what stands in addresses."""

from residents import classes
from residents.models import CareClass, ImportBatch
from residents.services import access, support
from tests.residents.factories import (
    CareRecordFactory,
    HouseholdFactory,
    KeyPlaceFactory,
    OrganisationFactory,
    ResidentFactory,
)

PHONE = "13877777777"


class RegistryOfWest:
    """One household in the first grid of the west, in registers, looked at, with an import of the operator."""

    def __init__(self, county, mark):
        grid = county.west.grids[0]
        classes.load(CareClass)
        self.leader = county.person("grid_leader", grid=grid)
        home = HouseholdFactory(dwelling__building__grid=grid, dwelling__building__address=f"{mark}楼")
        self.resident = ResidentFactory(household=home, name=f"{mark}居民", phone=PHONE)
        solitary = CareClass.objects.get(code="solitary_elderly")
        entry = CareRecordFactory(resident=self.resident, care_class=solitary, begin_reason=f"{mark}独居")
        data = {"guardian": f"{mark}监护人", "treatment": "规律服药"}
        disorder = CareClass.objects.get(code="mental_disorder")
        file = support.begin(actor=self.leader, resident=self.resident, care_class=disorder, data=data)
        support.open_file(actor=self.leader, pk=file.pk, reason=f"{mark}随访前查阅")
        access.unmask(actor=county.worker, record=self.resident, fields=["phone"], reason=f"{mark}核对申请")
        batch = ImportBatch.objects.create(
            user=county.operator, kind="people", name=f"{mark}.csv", status="ready"
        )
        self.rows = {
            "building": home.dwelling.building_id,
            "dwelling": home.dwelling_id,
            "household": home.pk,
            "organisation": OrganisationFactory(grid=grid, name=f"{mark}单位", phone=PHONE).pk,
            "place": KeyPlaceFactory(grid=grid, name=f"{mark}学校", responsible_phone=PHONE).pk,
            "grid": grid.pk,
            "care-": entry.pk,
            "support-": file.pk,
            "import": batch.pk,
        }
        self.kinds = {"add": "building", "import-template": "people", "export": "resident"}

    def argument(self, name, argument):
        """What stands for `argument` in the address `residents:name`."""
        if argument == "kind":
            return self.kinds.get(name, "resident")
        if argument == "name":
            return "move-out"
        if argument == "code":
            return "code_missing"
        if argument == "pk" and name != "care-begin":
            found = (pk for start, pk in self.rows.items() if name.startswith(start))
            return next(found, self.resident.pk)
        return self.resident.pk

    def asked(self, mark, town):
        """Addresses of lists asked for the west."""
        return {
            "/registry/": [f"q={mark}"],
            "/registry/choices/": [
                f"kind={kind}&name=x&x_q={mark}" for kind in ("dwelling", "household", "resident")
            ],
            "/registry/care/": ["class=mental_disorder", "class=solitary_elderly"],
            "/registry/access/": [f"who={mark}", "act=open", "flagged=1"],
            "/registry/due/": [f"grid={town}", "list=visits"],
            "/registry/quality/": [f"grid={town}"],
            "/registry/quality/code_missing/": [f"grid={town}"],
            "/registry/export/resident/": [f"grid={town}", "format=csv"],
            "/registry/add/dwelling/": [f"building={self.rows['building']}"],
        }
