"""A factory per model, and `County`: a small territory with everybody who touches an event."""

from datetime import date
from decimal import Decimal

import factory
from django.contrib.gis.geos import MultiPolygon, Polygon

from accounts.models import User
from events.models import Attachment, StageLimit, Standard, StandardLead
from grids.models import DepartmentKind, Grid, Post, Unit

LONG_AGO = date(2024, 1, 1)
PASSWORD = "a-good-long-password"


def square(lon, lat, size):
    """A square with its lower left corner at (lon, lat), `size` degrees wide."""
    ring = [(lon, lat), (lon + size, lat), (lon + size, lat + size), (lon, lat + size), (lon, lat)]
    return MultiPolygon(Polygon(ring, srid=4326), srid=4326)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"王{n}")
    password = factory.django.Password(PASSWORD)


class GridFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Grid

    code = factory.Sequence(lambda n: f"99{n:010d}")
    name = factory.Sequence(lambda n: f"网格{n}")
    level = factory.LazyAttribute(lambda grid: grid.parent.level + 1 if grid.parent else 0)
    parent = None
    valid_from = LONG_AGO


class DepartmentKindFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DepartmentKind
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"kind-{n}")
    name = factory.Sequence(lambda n: f"部门{n}")


class UnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Unit

    kind = Unit.Kind.CENTRE
    name = factory.Sequence(lambda n: f"单位{n}")
    code = factory.Sequence(lambda n: f"unit-{n}")
    grid = factory.SubFactory(GridFactory)


class PostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Post

    user = factory.SubFactory(UserFactory)
    role = "worker_full"
    since = LONG_AGO


class StandardFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Standard

    code = factory.Sequence(lambda n: f"E99{n:02d}-1")
    kind = Standard.Kind.EVENT
    major_code = "01"
    major_name = "市容环境"
    minor_code = factory.Sequence(lambda n: f"{n % 100:02d}")
    minor_name = "暴露垃圾"
    condition = "公共区域堆放垃圾未清理"
    limit = Decimal(2)
    limit_unit = "work_day"
    valid_from = LONG_AGO


class AttachmentFactory(factory.django.DjangoModelFactory):
    """A stored row without a real picture; tests of uploads make real ones."""

    class Meta:
        model = Attachment

    file = factory.django.FileField(filename="photo.jpg", data=b"not looked at")
    name = "photo.jpg"
    content_type = "image/jpeg"
    extension = ".jpg"
    size = 13
    sha256 = factory.Sequence(lambda n: f"{n:064x}")


class County:
    """Two streets under one area, a village and grids in each; centres, departments, one person per part.

    醴陵 → 片区 → 阳三街道 (west) / 来龙门街道 (east) → a village each → two grids each. Grid squares are 0.01° wide: west
    ones begin at (113.40, 27.60), east ones at (113.50, 27.60).
    """

    def __init__(self):
        self.root = GridFactory(code="430281000000", name="醴陵市", boundary=square(113.3, 27.5, 0.4))
        self.area = GridFactory(code="430281-A1", name="城区片区", parent=self.root)
        self.kind = DepartmentKindFactory(code="urban_management", name="城市管理")
        self.police_kind = DepartmentKindFactory(code="police", name="公安")
        self.standard = StandardFactory(code="E0101-1")
        StandardLead.objects.create(standard=self.standard, level=0, department_kind=self.kind)
        self._stage_limits()
        self.west = self._street("阳三街道", "430281001", 113.40)
        self.east = self._street("来龙门街道", "430281002", 113.50)
        self.centre = UnitFactory(name="市指挥中心", grid=self.root)
        self.area_centre = UnitFactory(name="城区分中心", grid=self.area)
        self.urban = UnitFactory(name="市城管局", kind="department", department_kind=self.kind, grid=self.root)
        self.police = UnitFactory(name="市公安局", kind="department", department_kind=self.police_kind, grid=self.root)
        self.operator_top = self.person("operator", unit=self.centre)
        self.operator_area = self.person("operator", unit=self.area_centre)
        self.operator = self.person("operator", unit=self.west.station)
        self.operator_east = self.person("operator", unit=self.east.station)
        self.worker = self.person("worker_full", grid=self.west.grids[0])
        self.worker_next = self.person("worker_part", grid=self.west.grids[1])
        self.worker_east = self.person("worker_full", grid=self.east.grids[0])
        self.staff = self.person("staff", unit=self.urban)
        self.police_staff = self.person("staff", unit=self.police)
        self.stranger = UserFactory(name="无岗位")

    @staticmethod
    def _stage_limits():
        there = set(StageLimit.objects.values_list("stage", "urgency"))
        StageLimit.objects.bulk_create(
            StageLimit(stage=stage, urgency=urgency, limit=hours, limit_unit="urgent_hour")
            for stage in ("register", "dispatch", "sign", "verify")
            for urgency, hours in (("normal", 4), ("urgent", 2), ("critical", Decimal("0.5")))
            if (stage, urgency) not in there
        )

    def _street(self, name, code, lon):
        street = type("Street", (), {})()
        street.town = GridFactory(code=f"{code}000", name=name, parent=self.area)
        street.village = GridFactory(code=f"{code}001", name=f"{name}一社区", parent=street.town)
        street.grids = [
            GridFactory(
                code=f"{code}001{n:03d}",
                name=f"{name}第{n}网格",
                parent=street.village,
                boundary=square(lon + 0.01 * (n - 1), 27.60, 0.01),
            )
            for n in (1, 2)
        ]
        street.town_centre = UnitFactory(name=f"{name}分中心", grid=street.town)
        street.station = UnitFactory(name=f"{name}一社区工作站", grid=street.village)
        street.point = (lon + 0.005, 27.605)
        return street

    def person(self, role, **place):
        return PostFactory(role=role, **place).user
