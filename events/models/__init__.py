from events.models.assignment import Assignment, StageRecord, TimeRequest
from events.models.attachment import Attachment
from events.models.calendar import CalendarDay, ChangedDay
from events.models.desk import DeskSetting, SavedView
from events.models.event import CaseCounter, Event
from events.models.habit import LeadHabit, MoveHabit, PlaceHabit, WordHabit
from events.models.history import Seal, SealedHead, Transition
from events.models.notice import Notice
from events.models.presence import Presence
from events.models.rollups import (
    DayFigure,
    DayKind,
    DayUnit,
    FigureBelow,
    FigurePlace,
    FigureState,
    FigureTouch,
    FoldedEvent,
    FoldedTurn,
    OpenFigure,
    OpenKind,
    OpenUnit,
)
from events.models.standard import StageLimit, Standard, StandardLead
from events.models.supervision import Supervision, Whistle, WhistleCall

__all__ = [
    "Assignment",
    "Attachment",
    "CalendarDay",
    "CaseCounter",
    "ChangedDay",
    "DayFigure",
    "DayKind",
    "DayUnit",
    "DeskSetting",
    "Event",
    "FigureBelow",
    "FigurePlace",
    "FigureState",
    "FigureTouch",
    "FoldedEvent",
    "FoldedTurn",
    "LeadHabit",
    "MoveHabit",
    "Notice",
    "OpenFigure",
    "OpenKind",
    "OpenUnit",
    "PlaceHabit",
    "Presence",
    "SavedView",
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
    "WordHabit",
]
