"""Events in every status, in a county with a person for every role: the ground of the workflow's tests."""

import io
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image
from pypdf import PdfWriter

from core.errors import Invalid
from events import services
from events.clocks import BEIJING
from events.models import Attachment, Event
from events.services import attachments, intake
from tests.factories import County, DepartmentKindFactory, UnitFactory


def beijing(text) -> datetime:
    """ "2026-09-28 10:00" as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def jpeg(size=(64, 48), colour=(90, 120, 60), exif=None, name="photo.jpg"):
    """A real, small photo as it is uploaded."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", **({} if exif is None else {"exif": exif}))
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def heic(size=(96, 64), exif=None, name="IMG_0042.HEIC"):
    """A photo as an iPhone uploads it."""
    out = io.BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(out, "HEIF", quality=50, **({} if exif is None else {"exif": exif.tobytes()}))
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/heic")


def paper(change=lambda writer: None, name="证明.pdf"):
    """A PDF of one page; `change` gets the writer before it is written."""
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    change(writer)
    writer.write(out)
    return SimpleUploadedFile(name, out.getvalue(), content_type="application/pdf")


def photo(actor, kind=Attachment.Kind.OTHER) -> str:
    """The public id of a fresh upload of this person."""
    return str(attachments.store(actor=actor, upload=jpeg(), kind=kind).public_id)


def again(event):
    return Event.objects.get(pk=event.pk)


def refused_for(field, call):
    """The call is Invalid for exactly this field and leaves nothing behind."""
    with pytest.raises(Invalid) as error, transaction.atomic():
        call()
    assert list(error.value.fields) == [field]


@contextmanager
def file_database(folder):
    """The SQLite test database as a file for the length of a test."""
    settings, memory = connections.settings["default"], connections["default"]
    name = str(folder / "races.sqlite3")
    with memory.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [name])
    before, settings["NAME"] = settings["NAME"], name
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        settings["NAME"] = before
        connections["default"] = memory


def session_of(user):
    """The cookie of somebody who has logged in, without the form."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value


class Scene(County):
    """The county of the factories, with everybody whom the table knows.

    Cases here lie with the sub-centre of the west street (`op_town`), one level above the station, so that each can
    go up and down; the reporter is a worker of the neighbouring grid and nobody else's part.
    """

    def __init__(self):
        super().__init__()
        self.fire = self._department("消防救援大队", "fire")
        self.traffic = self._department("交警大队", "traffic")
        self.health = self._department("卫健局", "health")
        town, village, grid = self.west.town_centre, self.west.village, self.west.grids[0]
        self.people = {
            "op_station": self.operator,
            "op_town": self.person("operator", unit=town),
            "head_town": self.person("centre_head", unit=town),
            "op_area": self.operator_area,
            "op_top": self.operator_top,
            "op_east": self.operator_east,
            "worker_full": self.worker,
            "worker_part": self.person("worker_part", grid=grid),
            "reporter": self.worker_next,
            "worker_east": self.worker_east,
            "staff_lead": self.staff,
            "staff_co": self.police_staff,
            "staff_called": self.person("staff", unit=self.fire),
            "staff_came": self.person("staff", unit=self.traffic),
            "staff_other": self.person("staff", unit=self.health),
            "inspector": self.person("inspector", grid=self.area),
            "leader": self.person("leader", grid=self.root),
            "district_admin": self.person("district_admin", grid=self.root),
            "grid_leader": self.person("grid_leader", grid=village),
            "party_leader": self.person("party_leader", grid=village),
            "joint_leader": self.person("joint_leader", grid=village),
            "mediator": self.person("mediator", grid=village),
            "urban_officer": self.person("urban_officer", grid=village),
            "safety_officer": self.person("safety_officer", grid=village),
            "police_officer": self.person("police_officer", grid=village),
            "patroller": self.person("patroller", grid=grid),
            "cadre": self.person("cadre", grid=village),
            "assistant": self.person("assistant", grid=village),
            "stranger": self.stranger,
            "former": self._former(),
        }
        self.units = {
            "station": self.west.station, "town": town, "area": self.area_centre, "lead": self.urban,
        }  # fmt: skip

    def _department(self, name, kind):
        return UnitFactory(
            name=name, kind="department", department_kind=DepartmentKindFactory(code=kind), grid=self.root
        )

    def _former(self):
        """Somebody whose post in the holding centre has ended."""
        user = self.person("operator", unit=self.west.town_centre)
        user.posts.update(until=timezone.localdate())
        return user

    def take(self, event, action, who, **supplied):
        actor = self.people[who] if isinstance(who, str) else who
        return services.advance(event_id=event.pk, action=action, actor=actor, **supplied)

    def report(self, who="reporter", **supplied) -> Event:
        supplied = {"description": "井盖缺失", "location": self.west.point, "standard": self.standard.pk} | supplied
        actor = self.people[who] if isinstance(who, str) else who
        return services.report(actor=actor, **supplied).event

    # ---- one event in each status

    def reported(self):
        event = self.report()
        self.take(event, "escalate", "op_station", words="涉及整个街道")
        self.supervise(event, "op_area")
        return event

    def registered(self):
        """With a whistle: the fire brigade has not come yet, the traffic police has."""
        event = self.reported()
        self.take(event, "register", "op_town", standard=self.standard.pk, urgency="normal")
        units = [self.fire.pk, self.traffic.pk]
        come_by = timezone.now() + timedelta(hours=2)
        self.take(event, "whistle", "op_station", units=units, place="路口", come_by=come_by)
        self.take(event, "report_in", "staff_came", location=self.west.point)
        return event

    def dispatched(self):
        event = self.registered()
        self.take(event, "dispatch", "op_town", lead=self.urban.pk, co_units=[self.police.pk])
        return event

    def handling(self):
        """The lead has signed and asks for more time."""
        event = self.dispatched()
        self.take(event, "sign", "staff_lead")
        self.take(event, "ask_time", "staff_lead", amount=Decimal(4), amount_unit="work_hour", words="等配件")
        return event

    def suspended(self):
        event = self.handling()
        until = timezone.localdate() + timedelta(days=30)
        self.take(event, "suspend", "op_town", words="等待施工许可", until=until)
        return event

    def verifying(self):
        event = self.handling()
        self.take(event, "feed_back", "staff_lead", words="已更换井盖")
        return event

    def closed(self):
        event = self.verifying()
        self.take(event, "verify_pass", "worker_full", words="现场已恢复", location=self.west.point)
        return event

    def settled(self, who="worker_full", drawn=False):
        """Closed by the worker on the spot; `drawn`: for a spot check."""
        actor = self.people[who]
        given = {"description": "小广告", "location": self.west.point, "standard": self.standard.pk, "settled": True}
        pictures = [photo(actor, kind) for kind in ("before", "after")]
        with patch.object(intake, "SPOT_CHECK_ONE_IN", 1 if drawn else 2**129):  # of random identities of 128 bits
            return services.report(actor=actor, photos=pictures, **given).event

    def drawn(self):
        return self.settled(drawn=True)

    def evaluated(self):
        event = self.closed()
        self.take(event, "evaluate", "reporter", stars=5)
        return event

    def rejected(self):
        event = self.reported()
        self.take(event, "reject", "op_town", words="不属于受理范围")
        return event

    def cancelled(self):
        event = self.reported()
        self.take(event, "cancel", "op_town", words="误报")
        return event

    def merged(self):
        event, other = self.reported(), self.report()
        self.take(event, "merge", "op_town", repeats=other.pk)
        return event

    def supervise(self, event, who, **supplied):
        supplied = {"words": "尽快办理", "answer_by": timezone.now() + timedelta(days=1)} | supplied
        return self.take(event, "supervise", who, **supplied)

    def in_status(self, status) -> Event:
        """A fresh event in this status, as the database has it."""
        return Event.objects.get(pk=getattr(self, status)().pk)

    def supplies(self, action) -> dict:
        """Input with which each move succeeds where it is allowed."""
        soon = timezone.now() + timedelta(hours=3)
        words = {"words": "说明"}
        return {
            "register": {"standard": self.standard.pk, "urgency": "urgent"},
            "merge": {"repeats": self.other.pk},
            "place": {"grid": self.west.grids[1].pk},
            "hand_down": {"unit": self.west.station.pk, **words},
            "dispatch": {"lead": self.urban.pk, "co_units": [self.police.pk]},
            "sign": {},
            "ask_time": {"amount": Decimal(2), **words},
            "grant_time": {},
            "suspend": {"until": timezone.localdate() + timedelta(days=3), **words},
            "verify_pass": {"location": self.west.point, **words},
            "evaluate": {"stars": 4},
            "supervise": {"answer_by": soon, **words},
            "whistle": {"units": [self.fire.pk, self.health.pk], "place": "桥头", "come_by": soon},
            "report_in": {"location": self.west.point},
            "rate_call": {"unit": self.traffic.pk, "stars": 5},
        }.get(action, words)

    @property
    def other(self):
        """Another event, for reports to be merged into."""
        if not hasattr(self, "_other"):
            self._other = self.report()
        return self._other

