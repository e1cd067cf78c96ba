"""Models that have no page in the administration, each with its reason. A test holds the table to what there is."""

_SUMS = "sums and what is in them: made again from the events at any time"
_HABITS = "counted anew every night from what was done"
_OUTLINES = "made from the boundaries for the map's tiles"

WITHOUT_A_PAGE = {
    "accounts.Portrait": "on the page of its person",
    "core.DataVersion": "a number for each table: when what processes keep of it is old",
    "events.ChangedDay": "gone within a minute: deadlines that are being reckoned again",
    "events.DeskSetting": "personal: which columns somebody likes, set beside the worklist",
    "events.Presence": "who has a page open now",
    "events.SavedView": "personal: it may hold a name or a phone that was searched for; everybody's own only",
    "events.StandardLead": "on the page of its standard",
    "residents.ImportBatch": "whole files of private data, of no one place: its owner's only, on the registry's pages",
    "residents.QualityCount": "the quality board shows it",
    "residents.SupportRecord": "statutory: read by its service alone, file by file, with an access log; not even counted",
    "residents.Visit": "sealed words: on the page of its entry, for who may see its class",
    **dict.fromkeys((f"events.{name}" for name in ("LeadHabit", "MoveHabit", "PlaceHabit", "WordHabit")), _HABITS),
    **dict.fromkeys((f"grids.{name}" for name in ("Anchor", "Outline", "OutlineStamp")), _OUTLINES),
    **dict.fromkeys(
        (
            f"events.{name}"
            for name in (
                "DayFigure", "DayKind", "DayUnit", "FigureBelow", "FigurePlace", "FigureState", "FigureTouch",
                "FoldedEvent", "FoldedTurn", "OpenFigure", "OpenKind", "OpenUnit",
            )
        ),
        _SUMS,
    ),
}  # fmt: skip
