"""Shapes of answers, for the schema only: rows are made straight from tuples (events.selectors, events.whole)."""

from rest_framework import serializers as s

from events.models import Attachment
from events.models.event import Light
from events.workflow import ACTIONS, Source, SpotCheck, Status, Urgency
from grids.api.shapes import GridName, UnitName


class Position(s.Serializer):
    lon = s.FloatField()
    lat = s.FloatField()


class PersonName(s.Serializer):
    id = s.IntegerField()
    name = s.CharField()


class StandardName(s.Serializer):
    id = s.IntegerField()
    code = s.CharField()
    name = s.CharField(help_text="Of the minor class.")
    condition = s.CharField()


class EventRow(s.Serializer):
    id = s.IntegerField()
    number = s.CharField(allow_null=True)
    status = s.ChoiceField(choices=Status.choices)
    open = s.BooleanField()
    light = s.ChoiceField(choices=Light.choices, allow_blank=True)
    due_at = s.DateTimeField(allow_null=True, help_text="Of the stage that runs.")
    urgency = s.ChoiceField(choices=Urgency.choices)
    standard = StandardName(allow_null=True)
    description = s.CharField()
    place = s.CharField()
    location = Position(allow_null=True)
    grid = GridName()
    placed = s.BooleanField(help_text="False: the point lies outside every grid.")
    holder = UnitName()
    lead = UnitName(allow_null=True)
    source = s.ChoiceField(choices=Source.choices)
    late = s.BooleanField(help_text="Some stage was late: a fact that stays.")
    supervised = s.BooleanField()
    reported_at = s.DateTimeField()
    closed_at = s.DateTimeField(allow_null=True)
    stars = s.IntegerField(allow_null=True)
    seq = s.IntegerField(help_text="Number of its last step: what `seen` compares with.")


class AttachmentRow(s.Serializer):
    id = s.UUIDField()
    seq = s.IntegerField(allow_null=True, help_text="The step that brought it.")
    kind = s.ChoiceField(choices=Attachment.Kind.choices)
    name = s.CharField()
    content_type = s.CharField()
    size = s.IntegerField(help_text="Bytes.")
    taken_at = s.DateTimeField(allow_null=True, help_text="From EXIF.")
    uploaded_at = s.DateTimeField()
    thumbnail = s.BooleanField(help_text="There is one at /api/v1/attachments/{id}/thumbnail/.")
    viewing = s.BooleanField(help_text="The photo is HEIC; a JPEG of it is at /api/v1/attachments/{id}/viewing/.")


class TimelineStep(s.Serializer):
    seq = s.IntegerField()
    action = s.ChoiceField(choices=ACTIONS)
    source = s.CharField(help_text="Status before; empty for the first.")
    target = s.ChoiceField(choices=Status.choices)
    at = s.DateTimeField()
    actor = PersonName(allow_null=True, help_text="Null: the clock.")
    unit = UnitName(allow_null=True)
    words = s.CharField()
    location = Position(allow_null=True)
    facts = s.DictField()
    hash = s.CharField(help_text="Links the row to the one before.")


class Turn(s.Serializer):
    unit = UnitName()
    lead = s.BooleanField()
    outcome = s.CharField()
    dispatched_at = s.DateTimeField()
    signed_at = s.DateTimeField(allow_null=True)
    due_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True)
    late = s.BooleanField()
    used_share = s.FloatField(allow_null=True)
    words = s.CharField()


class StageRow(s.Serializer):
    unit = UnitName()
    stage = s.CharField()
    started_at = s.DateTimeField()
    ended_at = s.DateTimeField()
    due_at = s.DateTimeField(allow_null=True)
    late = s.BooleanField()
    used_share = s.FloatField(allow_null=True)


class OpenMove(s.Serializer):
    action = s.CharField()
    label = s.CharField()
    strong = s.BooleanField(help_text="The main button.")
    danger = s.BooleanField()
    must = s.ListField(child=s.CharField())
    may = s.ListField(child=s.CharField())
    fields_ = s.DictField(help_text="By name: type, choices, choices_from, most.")

    def get_fields(self):
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        return found


class CallRow(s.Serializer):
    unit = UnitName()
    arrived_at = s.DateTimeField(allow_null=True)
    metres = s.FloatField(allow_null=True, help_text="From the place.")
    stars = s.IntegerField(allow_null=True)
    stars_words = s.CharField()


class WhistleRow(s.Serializer):
    id = s.IntegerField()
    unit = UnitName()
    called_at = s.DateTimeField()
    come_by = s.DateTimeField()
    place = s.CharField()
    words = s.CharField()
    calls = CallRow(many=True)


class SupervisionRow(s.Serializer):
    by = UnitName(allow_null=True)
    unit = UnitName()
    asked_at = s.DateTimeField()
    words = s.CharField()
    answer_by = s.DateTimeField()
    answered_at = s.DateTimeField(allow_null=True)
    answer = s.CharField()


class TimeRequestRow(s.Serializer):
    unit = UnitName()
    asked_at = s.DateTimeField()
    amount = s.FloatField()
    amount_unit = s.CharField()
    words = s.CharField()
    granted = s.BooleanField(allow_null=True)
    decided_at = s.DateTimeField(allow_null=True)


class EventFull(EventRow):
    ancestors = GridName(many=True)
    centre = UnitName()
    reporter = PersonName(allow_null=True)
    contact = s.DictField(help_text="name, and phone masked.")
    times = s.DictField(child=s.DateTimeField(allow_null=True))
    tallies = s.DictField(child=s.IntegerField())
    clock = s.DictField(allow_null=True, help_text="Of the running stage: stage, since, yellow_at, due_at.")
    handling = s.DictField(allow_null=True, help_text="Of the handling limit: since, yellow_at, due_at.")
    suspended_until = s.DateField(allow_null=True)
    settled_on_spot = s.BooleanField()
    spot_check = s.BooleanField(help_text="Settled on the spot and drawn for a check.")
    spot_state = s.ChoiceField(SpotCheck.choices, allow_null=True, help_text="How the check stands; none was drawn: null.")
    spot_due_at = s.DateTimeField(allow_null=True, help_text="While the check waits.")
    merged_into = s.DictField(allow_null=True)
    rating_words = s.CharField()
    transitions = TimelineStep(many=True)
    assignments = Turn(many=True)
    stages = StageRow(many=True)
    attachments = AttachmentRow(many=True)
    whistles = WhistleRow(many=True)
    supervisions = SupervisionRow(many=True)
    time_requests = TimeRequestRow(many=True)
    moves = OpenMove(many=True, help_text="What you may do with it now.")


class StepDone(s.Serializer):
    seq = s.IntegerField()
    action = s.ChoiceField(choices=ACTIONS)
    source = s.CharField()
    target = s.ChoiceField(choices=Status.choices)
    at = s.DateTimeField()
    facts = s.DictField()


class StepAnswer(s.Serializer):
    event = EventRow()
    transition = StepDone()


class Repeat(EventRow):
    metres = s.FloatField()


class ReportAnswer(StepAnswer):
    repeats = Repeat(many=True, help_text="Likely the same: same standard, within 50 m and 24 h.")


class MapPoints(s.Serializer):
    columns = s.ListField(child=s.CharField())
    points = s.ListField(child=s.ListField(), help_text="One list per event, in the order of `columns`.")
    more = s.BooleanField(help_text="There are more: with closed events only the newest 10,000 are given.")


class WorklistCount(s.Serializer):
    name = s.CharField(help_text="For `?worklist=` of the list.")
    label = s.CharField()
    tone = s.CharField()
    count = s.IntegerField(help_text="At most 999.")
    more = s.BooleanField(help_text="There are more than 999.")


class FeedStep(s.Serializer):
    id = s.IntegerField()
    event = s.DictField(help_text="id and number.")
    seq = s.IntegerField()
    action = s.ChoiceField(choices=ACTIONS)
    source = s.CharField()
    target = s.ChoiceField(choices=Status.choices)
    at = s.DateTimeField()
    actor = PersonName(allow_null=True)
    unit = UnitName(allow_null=True)
    words = s.CharField()
    location = Position(allow_null=True)
    facts = s.DictField()


class FeedPage(s.Serializer):
    results = FeedStep(many=True)
    cursor = s.CharField(help_text="Where to go on; keep it.")
    more = s.BooleanField(help_text="True: ask again at once.")


class NoticeRow(s.Serializer):
    id = s.IntegerField()
    event = s.DictField(help_text="id, number, description (empty once the event is not yours to see).")
    action = s.ChoiceField(choices=ACTIONS)
    label = s.CharField()
    by = PersonName(allow_null=True)
    created_at = s.DateTimeField()
    read_at = s.DateTimeField(allow_null=True)


class StandardRow(StandardName):
    kind = s.CharField()
    major_code = s.CharField()
    major_name = s.CharField()
    minor_code = s.CharField()
    limit = s.CharField(help_text="A decimal number.")
    limit_unit = s.CharField()
    closing_term = s.CharField()
    photos_required = s.BooleanField()
    rating_asked = s.BooleanField()
    valid_from = s.DateField()
    valid_until = s.DateField(allow_null=True)


class PostRow(s.Serializer):
    role = s.CharField()
    label = s.CharField()
    grid = GridName(allow_null=True)
    unit = UnitName(allow_null=True)
    since = s.DateField()
    until = s.DateField(allow_null=True)


class Me(PersonName):
    username = s.CharField()
    kind = s.CharField()
    posts = PostRow(many=True)
    permissions = s.ListField(child=s.CharField())
    unread = s.IntegerField()
