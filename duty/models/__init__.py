from duty.models.board import Struck
from duty.models.handover import HandOver, Matter, Remark
from duty.models.roster import RosterChange, Shift, UnitDuty
from duty.models.warning import Level, Response, Rule, Warning, WarningCall, WarningStep

__all__ = [
    "HandOver",
    "Level",
    "Matter",
    "Remark",
    "Response",
    "RosterChange",
    "Rule",
    "Shift",
    "Struck",
    "UnitDuty",
    "Warning",
    "WarningCall",
    "WarningStep",
]
