"""A village that prints: people with phones, homes, an event that went all the way."""

import io
import re

import pytest
from pypdf import PdfReader

from accounts.models import User
from grids.models import Grid, Unit
from papers import job, services
from papers.models import Paper
from tests.residents.factories import BuildingFactory, DwellingFactory, HouseholdFactory, ResidentFactory

MM = 72 / 25.4
PHONE = "13911112222"


class Village:
    """The west of `County`: `head` prints, `worker` has a phone, `homes` stand in the first grid."""

    def __init__(self, county):
        self.county, self.grid = county, county.west.grids[0]
        self.head = county.person("centre_head", unit=county.west.station)
        self.top = county.person("centre_head", unit=county.centre)
        self.leader = county.person("grid_leader", grid=self.grid)
        self.police = county.person("police_officer", grid=county.west.village)
        self.name(county.worker, "李兴飞", PHONE)
        self.name(county.worker_next, "陈文莲", "13933334444")
        self.name(self.leader, "黄小莲", "13955556666")
        self.name(self.police, "冯警官", "13977778888")
        self.name(self.head, "王主任", "")
        Unit.objects.filter(pk=county.west.station.pk).update(phone="0731-23230000")
        Grid.objects.filter(pk=self.grid.pk).update(colour="#b5585c")
        self.grid.refresh_from_db()
        for estate, count in (("团结路", 2), ("阳光花园", 1)):
            for number in range(count):
                BuildingFactory(grid=self.grid, estate=estate, number=f"{number + 1}栋")

    @staticmethod
    def name(person, name, phone):
        person.name, person.phone = name, phone
        person.save()

    def home(self, grid, people=1):
        household = HouseholdFactory(dwelling=DwellingFactory(building=BuildingFactory(grid=grid)))
        for _ in range(people):
            ResidentFactory(household=household)

    def make(self, kind, actor=None, **options) -> Paper:
        """Asked for and made, as form and job do it."""
        extra = {name: options.pop(name) for name in ("unmasked", "reason", "key") if name in options}
        paper = services.ask(actor=actor or self.head, kind=kind, options=options, **extra)
        job.make(paper.pk)
        paper.refresh_from_db()
        return paper


def read(paper) -> PdfReader:
    assert paper.status == "ready", paper.problem
    return PdfReader(io.BytesIO(paper.file.open("rb").read()))


def text_of(paper) -> str:
    """All words, as somebody finds them who searches in the file. Spaces say nothing in Chinese."""
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in read(paper).pages))


def size_of(page) -> tuple[int, int]:
    """Width and height in mm."""
    return round(float(page.mediabox.width) / MM), round(float(page.mediabox.height) / MM)


def fresh(user) -> User:
    """The same person with the posts of now."""
    return User.objects.get(pk=user.pk)


@pytest.fixture
def village(county, settings):
    settings.PUBLIC_URL = "https://wg.example.cn"
    return Village(county)
