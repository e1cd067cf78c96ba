"""What tests of the admin need: administrators, a browser for each, one row of everything in two streets."""

import csv
import io
from datetime import timedelta

from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from accounts.models import User
from duty.models import HandOver, RosterChange, Shift, Struck, UnitDuty, Warning, WarningCall, WarningStep
from evaluation.models import Scorecard, ScoreLine
from events.models import (
    Assignment,
    Attachment,
    Event,
    Notice,
    Seal,
    SealedHead,
    StageRecord,
    Supervision,
    TimeRequest,
    Transition,
    Whistle,
    WhistleCall,
)
from exchange.models import UnitKey
from exchange.services import issue_key
from fieldwork.models import Patrol
from grids.models import Grid, Post, Unit
from papers.models import Paper
from residents.models import (
    Access,
    Building,
    CareRecord,
    Change,
    DataGrant,
    Dwelling,
    Erasure,
    GridCount,
    Household,
    KeyPlace,
    Organisation,
    Resident,
    Stay,
    Tenancy,
)
from tests.factories import (
    AttachmentFactory,
    PostFactory,
    UnitFactory,
    UserFactory,
)
from tests.residents import factories as registry

NOW = timezone.now()
HAN_EAST = "来龙门"


def administrator(grid, **more):
    user = UserFactory(is_staff=True, **more)
    PostFactory(user=user, role="district_admin", grid=grid)
    return user


def browser(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def url(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def fill(county, street, name, period):
    """One row of everything in a street; {model: row}."""
    grid, station = street.grids[0], street.station
    worker = PostFactory(role="worker_full", grid=grid, user__name=f"{name}工人").user
    squad = UnitFactory(name=f"{name}中队", kind="department", department_kind=county.kind, grid=street.town)
    place = {"grid": grid, "path": grid.path, "holder": station, "centre": station, "place": name}
    event = Event.objects.create(description=f"{name}的事", reporter=worker, **place)
    moved = {"action": "report", "target": "reported", "at": NOW, "hash": "0" * 64}
    step = Transition.objects.create(event=event, seq=1, actor=worker, words=name, **moved)
    called = {"called_at": NOW, "come_by": NOW}
    whistle = Whistle.objects.create(event=event, unit=station, by=worker, place=name, **called)
    card = Scorecard.objects.create(period=period, user=worker, path=grid.path, total=90, rank=1, of=1)
    line = {"numerator": 9, "weight": 10, "target": 20, "worst": 0, "most": 10, "points": 5}
    asked = {"event": event, "asked_at": NOW, "words": name}
    supervision = Supervision.objects.create(by=worker, unit=station, asked_unit=squad, answer_by=NOW, **asked)
    seal, _new = Seal.objects.get_or_create(until=NOW, defaults={"chains": 2, "hash": "0" * 64})
    return {
        Grid: grid,
        Unit: station,
        User: worker,
        Post: worker.posts.get(),
        Event: event,
        Transition: step,
        Assignment: Assignment.objects.create(event=event, unit=squad, dispatched_at=NOW, due_at=NOW),
        StageRecord: StageRecord.objects.create(
            event=event, stage="register", unit=station, started_at=NOW, ended_at=NOW
        ),
        TimeRequest: TimeRequest.objects.create(unit=squad, amount=1, amount_unit="work_day", **asked),
        Supervision: supervision,
        Whistle: whistle,
        WhistleCall: WhistleCall.objects.create(whistle=whistle, unit=squad, **called),
        Attachment: AttachmentFactory(event=event, name=f"{name}.jpg"),
        Notice: Notice.objects.create(
            user=worker, event=event, transition=step, action="report", created_at=NOW
        ),
        Scorecard: card,
        ScoreLine: ScoreLine.objects.create(scorecard=card, indicator="reports", **line),
        UnitKey: issue_key(unit=squad, name=f"{name}系统")[0],
        **fill_duty(grid, station, worker, name),
        Struck: Struck.objects.create(supervision=supervision, by=worker, at=NOW, words=name),
        SealedHead: SealedHead.objects.create(seal=seal, event_id=event.pk, seq=1, hash="0" * 64),
        Paper: Paper.objects.create(owner=worker, kind="sign", title=name, grid=grid),
        Patrol: Patrol.objects.create(grid=grid, worker=worker, day=NOW.date(), started_at=NOW, note=name, key=name),
        RosterChange: RosterChange.objects.create(unit=station, at=NOW, by=worker, action="add", after={"name": name}),
        **fill_registry(grid, name, worker),
        DataGrant: DataGrant.objects.create(
            unit=squad,
            fields=["name"],
            purpose=name,
            legal_basis="社会救助暂行办法第五十七条",
            until="2036-01-01",
        ),
    }


def fill_duty(grid, station, worker, name):
    """A roster, a hand-over and a warning."""
    warning = Warning.objects.create(
        title=name, level="notice", cause="fire", grid=grid, path=grid.path, reach=grid.path, made_at=NOW,
        asked_at=NOW, until=NOW + timedelta(days=1),
    )  # fmt: skip
    on = {"name": name, "phone": "13812345678"}
    return {
        Warning: warning,
        WarningCall: WarningCall.objects.create(warning=warning, unit=station, why="holder", at=NOW, **on),
        WarningStep: WarningStep.objects.create(warning=warning, seq=1, action="raise", at=NOW, by=worker),
        UnitDuty: UnitDuty.objects.create(unit=station, phone="0533-110"),
        Shift: Shift.objects.create(unit=station, starts_at=NOW, ends_at=NOW + timedelta(hours=8), **on),
        HandOver: HandOver.objects.create(unit=station, by=worker, written_at=NOW, words=name),
    }


def fill_registry(grid, name, worker):
    """One record of each kind behind one door."""
    building = registry.BuildingFactory(grid=grid, address=f"{name}1栋")
    dwelling = registry.DwellingFactory(
        building=building, owner_name=f"{name}房东", owner_phone="13812345678"
    )
    household = registry.HouseholdFactory(dwelling=dwelling, number=f"{name}001")
    person = registry.ResidentFactory(household=household, name=f"{name}居民")
    shop = registry.OrganisationFactory(grid=grid, name=f"{name}商店", phone="13812345678")
    class_of = registry.CareClassFactory(roles=["district_admin"], name="独居老人")
    care = registry.CareRecordFactory(resident=person, care_class=class_of, begin_reason=name)
    told = {"kind": "resident", "record_id": person.pk, "grid": grid}
    return {
        Building: building,
        Dwelling: dwelling,
        Household: household,
        Resident: person,
        Stay: registry.StayFactory(resident=person),
        Tenancy: Tenancy.objects.create(
            dwelling=dwelling, tenant=person, grid=grid, since="2026-01-01", contract=name
        ),
        Organisation: shop,
        KeyPlace: registry.KeyPlaceFactory(grid=grid, name=f"{name}小学", responsible_phone="13812345678"),
        CareRecord: care,
        Change: Change.objects.create(action="changed", user=worker, changes={"name": ["", name]}, **told),
        Access: Access.objects.create(act="unmask", user=worker, reason=name, resident=person, **told),
        Erasure: Erasure.objects.create(user=worker, reason=name, **told),
        GridCount: GridCount.objects.get(grid=grid, measure="people"),
    }


def grid_data(**more):
    given = {
        "name": "新网格",
        "valid_from": "2026-01-01",
        "valid_until": "",
        "colour": "#123456",
        "boundary": "",
    }
    return {**given, **more}


def errors(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.context["adminform"].form.errors


def inline(*posts, initial=0):
    data = {
        "posts-TOTAL_FORMS": len(posts),
        "posts-INITIAL_FORMS": initial,
        "posts-MIN_NUM_FORMS": 0,
        "posts-MAX_NUM_FORMS": 1000,
    }
    for number, post in enumerate(posts):
        data |= {f"posts-{number}-{name}": value for name, value in post.items()}
    return data


def person_data(**more):
    given = {
        "username": "new",
        "name": "新人",
        "kind": "person",
        "staff_number": "",
        "new_phone": "",
        "new_id_number": "",
    }
    return {**given, **more}


NEW_PASSWORD = {"usable_password": "true", "password1": "long-enough-9", "password2": "long-enough-9"}


def worker_post(grid):
    return {"role": "worker_full", "grid": grid.pk, "unit": "", "since": "2026-01-01", "until": ""}


def export(client, model, number):
    """The rows of an exported file; formats are 0 xlsx, 1 csv."""
    table = admin.site._registry[model].resource_classes[0]
    fields = {f"{table.__name__.lower()}_{name}": "on" for name in table().get_export_headers()}
    answer = client.post(url(model, "export"), {"format": number, "resource": "0", **fields})
    assert answer.status_code == 200
    if number == 1:
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8"))))
    return [list(row) for row in load_workbook(io.BytesIO(answer.content)).active.values]


def upload(name, rows):
    file = io.BytesIO()
    if name.endswith("xlsx"):
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(file)
    else:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        file.write(text.getvalue().encode())
    file.seek(0)
    file.name = name
    return file


def bring(client, model, rows, number=0):
    """Import as a person does: preview, then confirm. The preview's context, and whether it was confirmed."""
    name = "table.xlsx" if number == 0 else "table.csv"
    preview = client.post(
        url(model, "import"), {"format": number, "resource": "0", "import_file": upload(name, rows)}
    )
    assert preview.status_code == 200
    form = preview.context.get("confirm_form")
    if form is None:
        return preview, False
    done = client.post(url(model, "process_import"), form.initial)
    assert done.status_code == 302
    return preview, True
