"""What the walk over all addresses looks for of the duty pages: rosters, hand-overs and warnings of the west."""

from datetime import timedelta

from django.utils import timezone

from duty.models import Shift
from duty.services import handovers, rosters, warnings


class DutyOfWest:
    def __init__(self, county, event, mark):
        head = county.person("centre_head", unit=county.west.station)
        now = timezone.now()
        self.station = county.west.station
        self.shift = rosters.add_shift(
            actor=head, unit=self.station, name=f"{mark}值班", role=Shift.Role.WATCH, starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=8), phone="13877777777", note=f"{mark}备注",
        )  # fmt: skip
        self.hand_over = handovers.write(
            actor=head, unit=self.station, words=f"{mark}交班", things=f"{mark}钥匙", matters=[(f"{mark}事项", event.pk)]
        )
        self.warning = warnings.raise_warning(
            actor=head, level="major", cause="fire", title=f"{mark}预警", words=f"{mark}火情", grid_id=county.west.village.pk
        )
        self.supervision = event.supervisions.first()

    def argument(self, name, argument):
        """What stands for the argument of an address of duty."""
        things = {
            "shift": self.shift, "hand-over": self.hand_over, "edit-hand-over": self.hand_over, "accept": self.hand_over,
            "remark": self.hand_over, "strike": self.supervision,
        }  # fmt: skip
        if argument != "pk":
            return None
        warned = name.startswith("warning") or name in ("take", "end")
        return (self.warning if warned else things.get(name, self.station)).pk
