"""Daily duty report 值班日报, weekly and monthly analysis 分析报告: figures, sentences, charts, tables."""

from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.errors import Invalid
from events import figures, limits
from events.figures import spans
from events.workflow import Source, Status
from grids import directory, levels, names
from grids.models import Grid
from papers import duties, findings
from papers.drawing import charts
from papers.models import Kind
from papers.periods import Span
from papers.recipes import Content, Plan, Recipe, Sheet

MOST_PLACES = 300
MOST_KINDS, MOST_LATE = 10, 15
MOST_UNITS = 30  # on paper; all of them stand in the workbook


def titles() -> dict[str, str]:
    return {"day": _("Daily duty report"), "week": _("Weekly analysis"), "month": _("Monthly analysis")}


class Report(Recipe):
    kind = Kind.REPORT
    permission = "papers.make_report"
    most_pages = 60

    def plan(self, user, options):
        grid = self.permit(user, options)
        span = Span.holding(options.get("span", "day"), date.fromisoformat(options["day"]))
        below = Grid.objects.valid_on().filter(parent=grid)
        count = below.count()
        if count > MOST_PLACES:
            words = _("%(count)s grids are too many for one report, at most %(most)s: choose a smaller territory.")
            raise Invalid(fields={"grid": [words % {"count": count, "most": MOST_PLACES}]})
        title = f"{grid.name} {titles()[span.kind]} {span.name}"
        return Plan(grid, title, 1, (span, below))

    def content(self, order):
        found = Gathered(order)
        return Content(iter([order.page("report", **found.page())]), None, found.sheets())


class Gathered:
    """All figures of one report, each asked once (events.figures)."""

    def __init__(self, order):
        grid, (self.span, below) = order.plan.grid, order.plan.subject
        self.grid, self.now, path = grid, order.now, grid.path
        self.before, self.year = self.span.before(), self.span.year_before()
        self.figures = self._period(self.span)
        self.figures_before, self.figures_year = self._period(self.before), self._period(self.year)
        self.stands = figures.overview(path, self.now)
        self.units = self._units(figures.departments(path, self.span.start, self.span.end, self.now))
        self.places = self._places(below)
        self.trend, self.trend_before = self._trend(self.span), self._trend(self.before)
        self.late = figures.late_list(path, self.now, MOST_LATE)
        self.centre = directory.current().centre_for(path, grid.level)
        first, last = spans.midnight(self.span.start), spans.midnight(self.span.end)
        self.duty = duties.Duty(order.user, self.centre, path, first, last)

    def _period(self, span):
        return figures.period(self.grid.path, span.start, span.end, span.until(self.now, self.span))

    def _units(self, rows):
        known = directory.current().units
        found = [(known[row.unit_id], row) for row in rows if row.unit_id in known]
        return [(unit.name, row) for unit, row in found if unit.kind == "department"]

    def _places(self, below):
        """Every grid right below in the order of codes, those without events, too."""
        nothing = figures.ChildFigures()
        # What stands there stands there now, also where the period is over.
        known = figures.children(self.grid.path, self.now, self.span.start, self.span.end)
        rows = below.order_by("code").values_list("pk", "name")
        return [(name, known.get(pk, nothing)) for pk, name in rows]

    def _trend(self, span):
        until = min(span.until(self.now, self.span), self.now)
        last = until - timedelta(microseconds=1)
        by, step = ("hour", timedelta(hours=1)) if span.kind == "day" else ("day", timedelta(days=1))
        count = (last - spans.midnight(span.start)) // step + 1
        return figures.trend(self.grid.path, last, by, max(count, 1))

    @property
    def told(self) -> findings.Told:
        this = {"day": _("On this day"), "week": _("This week"), "month": _("This month")}[self.span.kind]
        return findings.Told(
            this, self.figures.flows, self.figures_before.flows, self.figures_year.flows, self.stands, self.figures.kinds,
            {kind.code: kind.reported for kind in self.figures_before.kinds}, self.places, self.units,
            not self.span.runs(self.now), self.duty.warned(),
        )  # fmt: skip

    # ---- the page

    def page(self) -> dict:
        level = levels.name_of(self.grid.level + 1)
        return {
            "grid": self.grid, "span": self.span, "title": titles()[self.span.kind], "runs": self.span.runs(self.now),
            "before": self.before.name, "year": self.year.name, "sentences": list(findings.sentences(self.told)),
            "measures": self.measures(), "trend": self._trend_chart(), "kinds": self._kinds_chart(),
            "sources": self._sources(), "places": self.places, "late": self._late_rows(),
            "units": self._busiest(), "units_more": max(0, len(self.units) - MOST_UNITS),
            "level": level or _("Grid"), "least": findings.LEAST,
            "centre": self.centre, **self._duty(),
        }  # fmt: skip

    def _duty(self) -> dict:
        """Of a day the whole duty, of a longer span its warnings."""
        rows = self.duty.warnings
        told = {"warnings": rows[: duties.MOST], "warnings_more": max(0, len(rows) - duties.MOST)}
        if self.span.kind != "day":
            return told
        return told | {
            "duty": self.duty, "heads": self.duty.heads(), "hand_overs": self.duty.hand_overs(), "asked": self.duty.asked(),
        }  # fmt: skip

    def measures(self) -> list[dict]:
        """[{label, now, before, change, year, year_change}], as words: rates with their fraction."""
        told = self.told
        rows = [
            (pgettext("report", "Reported"), lambda f: f.reported), (_("Registered"), lambda f: f.registered),
            (pgettext("report", "Closed"), lambda f: f.closed), (_("Settled on the spot"), lambda f: f.settled),
            (_("On-time handling rate"), lambda f: f.on_time), (_("Closing rate"), lambda f: f.closing),
            (_("Right at first dispatch"), lambda f: f.right_first), (_("Rework rate"), lambda f: f.rework),
            (_("Satisfaction rate"), lambda f: f.satisfaction),
        ]  # fmt: skip
        return [_measure(label, read(told.now), read(told.before), read(told.year)) for label, read in rows]

    def _trend_chart(self):
        named = "%-H:00" if self.span.kind == "day" else "%m-%d"
        longest = max(self.trend, self.trend_before, key=len)
        labels = [spans.local(bucket.start).strftime(named) for bucket in longest]
        return charts.lines(
            labels,
            [
                (pgettext("report", "Reported"), [b.reported for b in self.trend], charts.NOW, False),
                (pgettext("report", "Closed"), [b.closed for b in self.trend], "#1d7a46", False),
                (_("reported in the period before"), [b.reported for b in self.trend_before], charts.BEFORE, True),
            ],
        )

    def _kinds_chart(self):
        before = {kind.code: kind.reported for kind in self.figures_before.kinds}
        top = [kind for kind in self.figures.kinds if kind.reported][:MOST_KINDS]
        return charts.bars([(kind.name or _("not said"), kind.reported, before.get(kind.code, 0)) for kind in top])

    def _sources(self):
        total = sum(self.figures.sources.values())
        ordered = sorted(self.figures.sources.items(), key=lambda pair: -pair[1])
        return [(Source(code).label, count, findings.percent(count / total)) for code, count in ordered]

    def _busiest(self):
        """Departments with the most late turns, then those with the most turns due."""
        ordered = sorted(self.units, key=lambda pair: (-_late_turns(pair[1]), -pair[1].on_time.denominator, pair[0]))
        return ordered[:MOST_UNITS]

    def _late_rows(self):
        known, standards = names.current(), limits.current().standards
        return [
            {
                "number": line.number or f"#{line.id}", "status": Status(line.status).label,
                "kind": standards[line.standard_id].minor_name if line.standard_id in standards else _("not said"),
                "grid": known.grids.get(line.grid_id, {}).get("name", ""),
                "holder": known.units.get(line.holder_id, {}).get("name", ""), "due": timezone.localtime(line.due_at),
            }
            for line in self.late
        ]  # fmt: skip

    # ---- the workbook

    def sheets(self) -> list[Sheet]:
        now = timezone.localtime(self.now).strftime("%Y-%m-%d %H:%M")
        head = [_("Measure"), self.span.name, self.before.name, _("Change"), self.year.name, _("Change")]
        said = [[line] for line in findings.sentences(self.told)]
        about = [[self.grid.name], [self.span.name], [_("Data as of"), now], *said]
        return [
            Sheet(_("Findings"), [titles()[self.span.kind]], about),
            Sheet(_("Measures"), head, [list(row.values()) for row in self.measures()]),
            Sheet(_("Kinds"), [_("Code"), _("Kind"), _("Reported"), _("Before"), _("Open now")], self._kind_rows()),
            Sheet(_("Territories"), _flow_head(), [[name, *_flow_cells(f), f.open, f.late] for name, f in self.places]),
            Sheet(_("Departments"), _unit_head(), [[name, *_unit_cells(unit)] for name, unit in self.units]),
            Sheet(_("Trend"), [_("Begins"), _("Reported"), pgettext("report", "Closed"), _("Late")], [
                [spans.local(b.start).strftime("%Y-%m-%d %H:%M"), b.reported, b.closed, b.late] for b in self.trend
            ]),
            Sheet(_("Warnings"), _warning_head(), [_warning_cells(row) for row in self.duty.warnings]),
        ]  # fmt: skip

    def _kind_rows(self):
        before = {kind.code: kind.reported for kind in self.figures_before.kinds}
        return [
            [kind.code, kind.name or _("not said"), kind.reported, before.get(kind.code, 0), kind.open]
            for kind in self.figures.kinds
        ]


def _warning_head():
    return [
        pgettext("report", "Raised"), pgettext("report", "Level"), _("Warning"), _("Place"), _("Taken by"),
        _("Unit"), pgettext("report", "Taken after (min)"),
    ]  # fmt: skip


def _warning_cells(row):
    who, unit = (str(row["who"]), row["unit"].name if row["unit"] else "") if row["who"] else ("", "")
    return [duties.clock(row["at"]), str(row["level_name"]), row["title"], row["place"], who, unit, row["minutes"]]


def _measure(label, now, before, year) -> dict:
    return {
        "label": label, "now": _shown(now), "before": _shown(before), "change": _change(now, before),
        "year": _shown(year), "year_change": _change(now, year),
    }  # fmt: skip


def _shown(value) -> str:
    if not isinstance(value, figures.Rate):
        return str(value)
    return "—" if value.share is None else f"{findings.percent(value.share)} ({value.numerator}/{value.denominator})"


def _change(now, before) -> str:
    """+12.5 %, or points of a rate; a dash where there is nothing to compare with."""
    if isinstance(now, figures.Rate):
        if now.share is None or before.share is None:
            return "—"
        return _("%(points)s pts") % {"points": _signed((now.share - before.share) * 100)}
    moved = findings.change(now, before)
    return "—" if moved is None else f"{_signed(moved * 100)}%"


def _signed(value: float) -> str:
    """With its sign, but nothing is neither more nor less."""
    words = f"{value:+.1f}"
    return "0.0" if words in ("+0.0", "-0.0") else words


def _flow_head():
    return [
        _("Territory"), _("Reported"), pgettext("report", "Closed"), _("Due"), _("In time"), _("On-time handling rate"),
        _("Rated"), _("Satisfied"), _("Open now"), _("Late now"),
    ]  # fmt: skip


def _flow_cells(flows):
    rate = flows.on_time
    return [
        flows.reported, flows.closed, rate.denominator, rate.numerator, _plain(rate), flows.satisfaction.denominator,
        flows.satisfaction.numerator,
    ]  # fmt: skip


def _unit_head():
    return [
        _("Unit"), _("Dispatched"), _("Handled"), _("Due"), _("In time"), _("On-time handling rate"), _("Returned"),
        _("Reworked"), _("Open now"), _("Late now"),
    ]  # fmt: skip


def _unit_cells(unit):
    return [
        unit.dispatched, unit.handled, unit.on_time.denominator, unit.on_time.numerator, _plain(unit.on_time),
        unit.returned, unit.reworked, unit.open, unit.late,
    ]  # fmt: skip


def _late_turns(unit):
    return unit.on_time.denominator - unit.on_time.numerator


def _plain(rate):
    return "" if rate.share is None else round(rate.share, 4)
