"""Every page of duty with something of everything on it: for the head who may do all, and for the worker who may not."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from duty.models import Shift, UnitDuty
from duty.services import handovers, rosters, warnings
from tests.scenes import again


def test_every_page_opens(scene):
    now, unit, head = timezone.now(), scene.west.town_centre, scene.people["head_town"]
    UnitDuty.objects.create(unit=unit, staffed=True)
    shift = rosters.add_shift(
        actor=head, unit=unit, user=scene.people["op_town"], role=Shift.Role.CHIEF, starts_at=now - timedelta(hours=3),
        ends_at=now + timedelta(hours=9), phone="0731-23232345",
    )  # fmt: skip
    event = again(scene.registered())
    row = handovers.write(actor=head, unit=unit, words="平稳", things="钥匙", matters=[(f"跟进 {event.number}", event.pk)])
    made = warnings.raise_warning(
        actor=scene.people["op_town"], level="major", cause="fire", title="山火", grid_id=scene.west.town.pk
    )
    common = ["/duty/", "/duty/units/", f"/duty/units/{unit.pk}/", "/duty/warnings/", f"/duty/warnings/{made.pk}/"]
    common += ["/duty/board/", "/duty/board/?group=later", "/duty/board/whistles/", "/duty/board/by-unit/"]
    heads = [
        f"/duty/units/{unit.pk}/changes/", f"/duty/shifts/{shift.pk}/", "/duty/hand-overs/", "/duty/warnings/new/",
        f"/duty/hand-overs/{row.pk}/", f"/duty/hand-overs/{row.pk}/edit/",
    ]  # fmt: skip
    for who, paths, status in (("head_town", common + heads, 200), ("worker_full", common, 200), ("worker_full", heads, 0)):
        client = Client()
        client.force_login(scene.people[who], backend="django.contrib.auth.backends.ModelBackend")
        for path in paths:
            code = client.get(path).status_code
            assert code == status or (not status and code in (403, 404)), (who, path, code)
