from events.models.assignment import Assignment, StageRecord, TimeRequest
from events.models.attachment import Attachment
from events.models.calendar import CalendarDay
from events.models.event import CaseCounter, Event
from events.models.history import Seal, SealedHead, Transition
from events.models.notice import Notice
from events.models.standard import StageLimit, Standard, StandardLead
from events.models.supervision import Supervision, Whistle, WhistleCall

__all__ = [
    "Assignment",
    "Attachment",
    "CalendarDay",
    "CaseCounter",
    "Event",
    "Notice",
    "Seal",
    "SealedHead",
    "StageLimit",
    "StageRecord",
    "Standard",
    "StandardLead",
    "Supervision",
    "TimeRequest",
    "Transition",
    "Whistle",
    "WhistleCall",
]
