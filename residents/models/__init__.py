from residents.models.care import CareClass, CareRecord, SupportRecord, Visit
from residents.models.figures import GridCount, QualityCount
from residents.models.grants import DataGrant
from residents.models.intake import ImportBatch
from residents.models.people import Household, Resident, Stay, Tenancy
from residents.models.place import Building, Dwelling, KeyPlace, Organisation
from residents.models.trail import Access, Change, Erasure

__all__ = [
    "Access", "Building", "CareClass", "CareRecord", "Change", "DataGrant", "Dwelling", "Erasure", "GridCount",
    "Household", "ImportBatch", "KeyPlace", "Organisation", "QualityCount", "Resident", "Stay", "SupportRecord", "Tenancy",
    "Visit",
]  # fmt: skip
