"""The sections of the PDF: the first side, and what stands behind it."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from core.alerts import Alert, Urgency
from core.facts import Conflict, Fact, Kind
from core.history import About, History, Trend
from ocr.summary.front import Cut, Front, others_of
from ocr.summary.lab_table import LabRow, lab_row
from ocr.summary.page import about
from ocr.summary.pdf_parts import GREY, RED, TrendDrawing, Typesetter
from ocr.summary.wording import fact_line, fact_title, fact_words, stop_words

_UNKNOWN = "<b>Not stated on any page.</b> Unknown, not none."
_MEDICINES = ("Current", "Dose", "Route", "How often", "As of", "Source")
_LONG_VALUE = 10
"""Letters of a value, from which on it is set smaller to stay on one line."""
_RESULT_SHARES = (37, 21, 17, 16, 14, 8)
"""Of a row of results: name, value, date, range, trend, source."""
Line = Callable[[Fact], str]


def first_sections(history: History, front: Front, setter: Typesetter) -> list[Any]:
    """Everything of the first side, in the order of the HTML page."""
    write = _Writer(history, setter)
    return [
        *write.header(front.contacts.shown),
        *write.mixed(),
        write.allergies(front.allergies),
        write.alerts(front.alerts),
        *write.conflicts(front.conflicts),
        *write.medications(front.current, front.stopped),
        *write.problems(front.problems),
        *write.results(front.labs),
        write.events(front),
        *write.background(front),
        *write.gaps(front),
        *write.footer(),
    ]


def behind_sections(history: History, front: Front, setter: Typesetter) -> list[Any]:
    """What the first side has no room for, all values by date, and the list of the paper."""
    write = _Writer(history, setter)
    lists: list[tuple[str, Iterable[Fact], Line]] = [
        ("More allergies", front.allergies.rest, write.allergy),
        ("More current medications", front.current.rest, write.whole),
        ("More stopped or last seen medications", front.stopped.rest, write.past),
        ("More problems", front.problems.rest, write.problem),
        ("More procedures", front.procedures.rest, write.event),
        ("More immunisations", front.immunizations.rest, write.event),
        ("More devices", front.devices.rest, write.event),
        ("More family history (relatives, not the patient)", front.family.rest, write.event),
        ("More vital signs", front.vitals.rest, write.whole),
        ("More social history", front.social.rest, write.whole),
        ("More contacts", front.contacts.rest, write.whole),
        ("More that the paper expressly denies", front.negated.rest, write.event),
        ("More to compare with the paper", front.checks.rest, write.again),
        ("Said to be wrong, and left out", history.withdrawn, write.whole),
        ("Other statements", others_of(history, front), write.whole),
    ]
    return [
        setter.heading("Behind the first side"),
        *write.more_alerts(front.alerts.rest),
        *write.alert_sources(front.alert_sources),
        *write.more_conflicts(front.conflicts.rest),
        *(part for title, facts, line in lists for part in write.listed(title, facts, line)),
        *write.more_gaps(front),
        *write.all_values(history.labs, {t.latest.id for t in front.labs.shown}),
        *write.paper(),
    ]


class _Writer:
    """Facts as paragraphs."""

    def __init__(self, history: History, setter: Typesetter) -> None:
        self._history, self._set = history, setter
        self._facts = {fact.id: fact for fact in history.facts}

    # Lines

    def _line(self, fact: Fact, body: str) -> str:
        return f"{self._set.target(fact)}{body}{self._set.check(fact)}{self._set.source(fact)}"

    def allergy(self, fact: Fact) -> str:
        told = f"<b>{self._set.text(fact_title(fact))}</b>"
        told += f": {self._set.text(fact.reaction)}" if fact.reaction else ""
        return self._line(fact, told + (f" ({fact.severity})" if fact.severity else ""))

    def whole(self, fact: Fact) -> str:
        return self._line(fact, self._set.text(fact_line(fact)))

    def again(self, fact: Fact) -> str:
        """A fact that has its own line elsewhere."""
        told = self._set.text(f"Compare with the paper: {fact_line(fact)}")
        return told + self._set.source(fact)

    def past(self, fact: Fact) -> str:
        told = f"<b>{self._set.text(fact_title(fact))}</b> "
        told += self._set.small(" ".join(p for p in (fact.dose, fact.frequency) if p))
        return self._line(fact, f"{told} {self._set.text(stop_words(fact))} {self._date(fact)}")

    def problem(self, fact: Fact) -> str:
        title = self._set.text(fact_title(fact))
        if fact.status == "resolved":
            return self._line(fact, f"{title} {self._set.small('resolved')} {self._date(fact)}")
        unsure = "" if fact.status else self._set.small(" past or unspecified")
        return self._line(fact, f"<b>{title}</b>{unsure} {self._date(fact)}")

    def event(self, fact: Fact) -> str:
        return self._line(fact, f"{self._set.text(fact_title(fact))} {self._date(fact)}")

    def _title(self, fact: Fact) -> str:
        return self._set.text(fact_title(fact))

    def _dated(self, fact: Fact) -> str:
        return f"{self._set.text(fact_words(fact))} {self._date(fact)}"

    def _date(self, fact: Fact) -> str:
        return self._set.small(fact.when or "undated")

    def alert(self, alert: Alert) -> str:
        color = RED if alert.urgency is Urgency.DANGER else "#16191d"
        places = "".join(self._set.source(self._facts[i]) for i in alert.linked)
        return (
            f'<font color="{color}"><b>{self._set.text(alert.title)}</b></font>: '
            f"{self._set.text(alert.reason)} {self._set.small(f'({alert.short_source})')}{places}"
        )

    def conflict(self, conflict: Conflict) -> str:
        sides = [
            f"{self._set.text(fact_line(self._facts[i]))}{self._set.source(self._facts[i])}"
            for i in conflict.facts
        ]
        title = self._set.text(fact_title(self._facts[conflict.facts[0]]))
        return f"<b>{title}</b>, {self._set.text(about(conflict))}: " + " <b>/</b> ".join(sides)

    # Sections of the first side

    def header(self, contacts: Sequence[Fact]) -> list[Any]:
        history, papers = self._history, sum(s.included for s in self._history.documents)
        period = f", {history.period[0]} to {history.period[1]}" if history.period else ""
        many = "" if papers == 1 else "s"
        kicker = f"Patient history from {papers} paper document{many}{period}. "
        kicker += "Numbers in blue lead to the place on the paper."
        names = [self._line(f, f"<b>{self._set.text(f.value)}</b>") for f in self._told("name")]
        fields = "   ".join(
            f"{self._set.small(fact.unit or fact.name.capitalize())} "
            # An old code status may hold no longer: its date stands beside it.
            + self._line(
                fact,
                f"<b>{self._set.text(fact.value)}</b>"
                + (f" {self._date(fact)}" if fact.kind is Kind.SOCIAL else ""),
            )
            for fact in (*history.patient, *contacts)
            if fact.name != "name"
        )
        return [
            self._set.paragraph(self._set.text(kicker), size=6.2, color=GREY),
            self._set.paragraph(" / ".join(names) or "<b>Name not found on the paper</b>", size=12),
            self._set.paragraph(fields, size=7.6),
        ]

    def _told(self, field: str) -> list[Fact]:
        return [fact for fact in self._history.patient if fact.name == field]

    def mixed(self) -> list[Any]:
        told = [w for w in self._history.warnings if w.code is About.MIXED_PATIENTS]
        lines = [self._set.paragraph(self._set.text(w.text)) for w in told]
        return (
            [self._set.box("More than one patient", lines, color=RED, fill="#fdf3f3")]
            if told
            else []
        )

    def allergies(self, cut: Cut[Fact]) -> Any:
        lines = (
            self._columns([self.allergy(f) for f in cut.shown], 2, inside=True)
            if cut
            else [_UNKNOWN]
        )
        return self._box("Allergies", [*lines, *self._more(cut)], color=RED, fill="#fdf3f3")

    def alerts(self, cut: Cut[Alert]) -> Any:
        lines = [self.alert(alert) for alert in cut.shown]
        if not cut:
            lines = ["No rule applies to what was read. That is no proof of safety."]
        parts = [*self._columns(lines, 2, inside=True), *self._more(cut)]
        return self._box("Alerts", parts, color="#7d310f", fill="#fef6ef")

    def conflicts(self, cut: Cut[Conflict]) -> list[Any]:
        lines = [*(self.conflict(c) for c in cut.shown), *self._more(cut)]
        title = "The paper contradicts itself"
        return [self._box(title, lines, color="#6b4500", fill="#fdf7e9")] if cut else []

    def medications(self, current: Cut[Fact], stopped: Cut[Fact]) -> list[Any]:
        found = [self._set.heading("Medications")]
        if current:
            head = [self._set.paragraph(self._set.small(n)) for n in _MEDICINES]
            rows = [head, *(self._medicine(fact) for fact in current.shown)]
            found.append(self._set.table(rows, (27, 14, 14, 32, 12, 8)))
        else:
            found.append(self._set.paragraph(self._nothing("known medications")))
        found += [self._set.paragraph(line) for line in self._more(current)]
        if stopped:
            title = "<b>Stopped, or last seen on older paper</b>"
            found.append(self._set.paragraph(title, color=GREY))
            found += self._columns([self.past(f) for f in stopped.shown], 2)
            found += [self._set.paragraph(line) for line in self._more(stopped)]
        return found

    def _nothing(self, name: str) -> str:
        """That there is none, where a page says so; else that it is unknown."""
        stated = next((fact for fact in self._history.negated if fact.name == name), None)
        return f"<b>No {name}</b>, as stated.{self._set.source(stated)}" if stated else _UNKNOWN

    def _medicine(self, fact: Fact) -> list[Any]:
        name = f"{self._set.target(fact)}<b>{self._set.text(fact_title(fact))}</b>"
        often = self._set.text(fact.frequency or "")
        often += self._set.small(f" earlier {fact.earlier}") if fact.earlier else ""
        cells = (
            name + self._set.check(fact),
            self._set.text(fact.dose or "not stated"),
            self._set.text(fact.route or ""),
            often,
            self._set.text(fact.when or "undated"),
            self._set.source(fact),
        )
        return [self._set.paragraph(cell) for cell in cells]

    def problems(self, cut: Cut[Fact]) -> list[Any]:
        lines = self._columns([self.problem(f) for f in cut.shown], 2)
        unknown = [] if cut else [self._set.paragraph(self._nothing("known problems"))]
        more = [self._set.paragraph(line) for line in self._more(cut)]
        return [self._set.heading("Problems"), *lines, *unknown, *more]

    def results(self, cut: Cut[Trend]) -> list[Any]:
        found = [
            self._set.heading("Key results: newest value, trend over the printed range (shaded)")
        ]
        if not cut:
            return [*found, self._set.paragraph("No laboratory results were found.")]
        rows = [self._result(lab_row(trend, ())) for trend in cut.shown]
        middle = (len(rows) + 1) // 2
        halves = [
            [self._set.table(half, _RESULT_SHARES, width=self._set.share(2))] if half else []
            for half in (rows[:middle], rows[middle:])
        ]
        more = [self._set.paragraph(line) for line in self._more(cut)]
        return [*found, self._set.beside(halves), *more]

    @property
    def _range_width(self) -> float:
        """Points for the range in a row of results, less the room beside it."""
        return self._set.share(2) * _RESULT_SHARES[3] / sum(_RESULT_SHARES) - 3

    def _result(self, row: LabRow) -> list[Any]:
        latest = row.trend.latest
        cells = (
            f"{self._set.target(latest)}<b>{self._set.text(row.trend.name)}</b>",
            self._value(row, latest) + self._set.small(f" {latest.unit or ''}"),
            self._date(latest),
            self._set.span(latest.range or "", self._range_width),
        )
        drawing = TrendDrawing(row.drawing) if row.drawing else ""
        told = [self._set.paragraph(cell) for cell in cells]
        return [*told, drawing, self._set.paragraph(self._set.source(latest))]

    def _value(self, row: LabRow, point: Fact) -> str:
        mark = point.flag or {"high": "high", "low": "low"}.get(row.outside(point), "")
        told = self._set.text(" ".join(p for p in (point.value or "not read", mark) if p))
        told = f'<font size="6.2">{told}</font>' if len(told) > _LONG_VALUE else told
        colored = f'<font color="{RED}">{told}</font>' if mark else told
        bold = f"<b>{colored}</b>" if point is row.trend.latest else colored
        return bold + self._set.check(point)

    def events(self, front: Front) -> Any:
        columns = (
            ("Procedures", front.procedures),
            ("Immunisations", front.immunizations),
            ("Devices", front.devices),
        )
        return self._set.beside([self._events(title, cut) for title, cut in columns])

    def _events(self, title: str, cut: Cut[Fact]) -> list[Any]:
        lines = [self.event(fact) for fact in cut.shown] if cut else ["None found on the paper."]
        rows = [
            [self._set.paragraph(line)] for line in (f"<b>{title}</b>", *lines, *self._more(cut))
        ]
        return [self._set.table(rows, (1,), width=self._set.share(3))]

    def background(self, front: Front) -> list[Any]:
        found = []
        for title, cut, words in (
            ("Vital signs", front.vitals, self._dated),
            ("Family history (relatives, not the patient)", front.family, self._title),
            ("Social", front.social, self._dated),
            ("Expressly denied", front.negated, self._title),
        ):
            if cut:
                told = [self._line(f, words(f)) for f in cut.shown]
                body = "; ".join([*told, *self._more(cut)]).replace("Denied: ", "")
                found.append(self._set.paragraph(f"<b>{title}:</b> {body}"))
        return [self._set.heading("Background"), *found] if found else []

    def gaps(self, front: Front) -> list[Any]:
        lines = [self._set.text(warning.text) for warning in front.gaps.shown]
        lines += [self.again(fact) for fact in front.checks.shown]
        lines += [*self._more(front.gaps), *self._more(front.checks)]
        title = "What is missing, and what to check"
        return [self._box(title, lines, color="#6b4500", fill="#fdf7e9")] if lines else []

    def footer(self) -> list[Any]:
        return [
            self._set.paragraph(escape(line), size=6, color=GREY)
            for line in (
                "Made by software from the paper listed behind. It repeats what the paper says, "
                "nothing else; what no page says is unknown. Not a diagnosis.",
            )
        ]

    # Behind the first side

    def listed(self, title: str, facts: Iterable[Fact], line: Line) -> list[Any]:
        lines = [line(fact) for fact in facts]
        return self._titled(title, self._columns(lines, 2)) if lines else []

    def more_alerts(self, alerts: Sequence[Alert]) -> list[Any]:
        lines = [self._set.paragraph(self.alert(alert)) for alert in alerts]
        return self._titled("More alerts", lines) if lines else []

    def alert_sources(self, said: Sequence[str]) -> list[Any]:
        lines = [self._set.paragraph(self._set.text(one)) for one in said]
        return self._titled("Sources of the alerts", lines) if lines else []

    def more_conflicts(self, conflicts: Sequence[Conflict]) -> list[Any]:
        lines = [self._set.paragraph(self.conflict(conflict)) for conflict in conflicts]
        return self._titled("More contradictions", lines) if lines else []

    def more_gaps(self, front: Front) -> list[Any]:
        lines = [self._set.paragraph(self._set.text(gap.text)) for gap in front.gaps.rest]
        return self._titled("More that is missing", lines) if lines else []

    def all_values(self, trends: Sequence[Trend], on_front: set[str]) -> list[Any]:
        if not trends:
            return []
        rows = [
            [
                self._set.paragraph(f"<b>{self._set.text(trend.name)}</b>"),
                self._set.paragraph(self._values(trend, on_front)),
                self._set.paragraph(self._set.small(trend.latest.range or "")),
            ]
            for trend in trends
        ]
        return self._titled("All results, newest first", [self._set.table(rows, (20, 68, 12))])

    def _values(self, trend: Trend, on_front: set[str]) -> str:
        row = lab_row(trend, ())
        told = []
        for point in reversed(trend.points):
            target = "" if point.id in on_front else self._set.target(point)
            unit = self._set.small(f" {point.unit or ''}")
            value = f"{target}{self._value(row, point)}{unit} {self._date(point)}"
            told.append(value + self._set.source(point))
        return "; ".join(told)

    def paper(self) -> list[Any]:
        lines = [
            f"{self._set.text(source.document)} {self._set.small(source.date or 'undated')}"
            for source in self._history.documents
            if source.included
        ]
        return self._titled("The paper", self._columns(lines, 2))

    # Shapes

    def _titled(self, title: str, parts: Sequence[Any]) -> list[Any]:
        return [self._set.paragraph(f"<b>{escape(title)}</b>", size=7.6, color=GREY), *parts]

    def _more(self, cut: Cut[Any]) -> list[str]:
        return [f"<b>{len(cut.rest)} more on the sides behind</b>"] if cut.rest else []

    def _columns(self, lines: Sequence[str], number: int, *, inside: bool = False) -> list[Any]:
        """Lines in columns, each row as tall as it needs."""
        rows = -(-len(lines) // number)
        padded = [*lines, *[""] * (rows * number - len(lines))]
        cells = [
            [self._set.paragraph(padded[column * rows + row]) for column in range(number)]
            for row in range(rows)
        ]
        width = self._set.inside if inside else self._set.width
        return [self._set.table(cells, (1,) * number, width=width)] if cells else []

    def _box(self, title: str, lines: Sequence[Any], *, color: str, fill: str) -> Any:
        parts = [self._set.paragraph(p) if isinstance(p, str) else p for p in lines]
        return self._set.box(title, parts, color=color, fill=fill)
