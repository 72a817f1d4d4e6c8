"""The pages. Thin: a query, a view, a template."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from firmware_py.posture.exposure import SHARES_ABOVE_DEG, percentile_deg, share_above

from . import history, queries, session_view, views
from .band import BIN_MS
from .days import Stretch, day_of, day_start, days, local, whole_hours_apart
from .figures import LEAST_JUDGED_FOR_A_RATE_S
from .fit_view import KINDS, FitView, fit_view
from .history import NoteView, Period, Span
from .rollup import total_tally, unpacked
from .site import Site
from .time_axis import clock_ticks

EARLIER_SESSIONS = 8


class Pages:
    """Every page of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/", self.now),
            Route("/part/today", self.today_part),
            Route("/session/{device}/{session}", self.session),
            Route("/history", self.history_now),
            Route("/history/{span}/{day}", self.history),
            Route("/about", self.about),
        ]

    def now(self, request: Request) -> Response:
        """Now and today."""
        made_at_s = time.time()
        with self._site.reading(request) as connection:
            today, known = self._today(request, connection, EARLIER_SESSIONS)
        simulated = any(device.simulated for device in known)
        kiosk = "kiosk" in request.query_params
        shown = {"devices": known, "simulated": simulated, "kiosk": kiosk}
        setup = self._live_setup(request, known) | {"made_at_s": made_at_s}
        return self._site.page(request, "now.html", "now", **today, **shown, live_setup=setup)

    def _live_setup(self, request: Request, known: Sequence[Any]) -> dict[str, Any]:
        t = self._site.words(request)
        return {
            "texts": t.under("live"),
            "name": t("page.name"),
            "decimal": t("format.decimal"),
            "angle_digits": t.angle_digits,
            "static": f"/static/{self._site.version}",
            "enter_deg": self._enter_deg(known[0].name if known else ""),
            "read_ago_s": self._read_ago_s(known),
        }

    def _enter_deg(self, device: str) -> float:
        """Where a slouch begins, as the device says; before it has said, as the dashboard was told."""
        in_force = self._site.hub.standing.settings_of(device)
        usual = self._site.settings.slouch_enter_deg
        return usual if in_force is None else in_force.rules.get("slouch_enter_deg", usual)

    def _read_ago_s(self, known: Sequence[Any]) -> float | None:
        """How long ago these devices were last heard, by the hub or, before its time, by the store."""
        now_s = time.time()
        stored = [now_s - row.seen_utc_ms / 1000 for row in known if row.seen_utc_ms is not None]
        read = [self._site.hub.standing.read_ago_s(row.name) for row in known]
        return min([*stored, *(ago_s for ago_s in read if ago_s is not None)], default=None)

    def today_part(self, request: Request) -> Response:
        """Today again, for a page that is open."""
        with self._site.reading(request) as connection:
            today, _ = self._today(request, connection, 0)
        return self._site.page(request, "_today.html", "now", **today)

    def _today(
        self, request: Request, connection: Connection, earlier: int
    ) -> tuple[dict[str, Any], Sequence[Any]]:
        """What is shown of today, with so many sessions of before; and the wearer's devices."""
        wearer = self._site.wearer(request)
        day = self._site.now().date()
        stretch = days(day, 1, self._site.zone)
        known = queries.devices_of(connection, wearer)
        rows = queries.sessions_of(connection, wearer, stretch, earlier)
        of_day = sum(row.start_utc_ms >= stretch.start_utc_ms for row in rows)
        shown = {
            "page": self._day(connection, wearer, day, stretch, rows[:of_day]),
            "earlier": views.session_lines(rows[of_day:]),
            "fit": self._fit(connection, known),
        }
        return shown, known

    def _fit(self, connection: Connection, known: Sequence[Any]) -> FitView | None:
        """Of the device that was heard last: it may have something for its wearer to do."""
        row = max(known, key=lambda row: row.seen_utc_ms or 0, default=None)
        if row is None or not self._site.hub.standing.is_online(row.name):
            return None
        latest = queries.latest_events(connection, row.device_id, KINDS)
        return fit_view(latest, round(time.time() * 1000))

    def _day(
        self, connection: Connection, wearer: int, day: date, stretch: Stretch, sessions: Sequence[Any]
    ) -> views.DayPage:
        bins = queries.bins_between(connection, wearer, stretch, BIN_MS)
        reminded = queries.reminded_between(connection, wearer, stretch)
        return views.day_page(day, stretch, round(time.time() * 1000), bins, reminded, sessions)

    def session(self, request: Request) -> Response:
        """One session."""
        wearer = self._site.wearer(request)
        with self._site.reading(request) as connection:
            row = queries.one_session(
                connection, wearer, request.path_params["device"], request.path_params["session"]
            )
            line = None if row is None else views.session_line(row)
            if row is None or line is None:
                raise HTTPException(404)
            minutes = queries.minutes_of(connection, row.device_id, row.session)
            episodes = queries.episodes_of(connection, row.device_id, row.session)
            told = queries.thresholds_of(connection, row.device_id, row.session)
            missing = queries.missing_of(connection, row.device_id, row.session, row.message_count)
        page = session_view.session_page(
            line,
            [(minute, unpacked(minute.tally)) for minute in minutes],
            episodes,
            missing,
            bool(row.trusted),
            told,
        )
        classes = {"angles": session_view.ANGLE_CLASSES_DEG, "holds": session_view.HOLD_CLASSES_S}
        day = local(line.start_utc_ms, self._site.zone).date()
        last_day = local(line.end_utc_ms, self._site.zone).date()
        return self._site.page(
            request,
            "session.html",
            "history",
            page=page,
            day=day,
            last_day=last_day,
            ticks=clock_ticks(Stretch(line.start_utc_ms, line.end_utc_ms), self._site.zone),
            **classes,
        )

    def history_now(self, request: Request) -> Response:
        """The week of the newest record; in its first judged minutes, as on a Monday, the week before."""
        day = self._site.now().date()
        wearer = self._site.wearer(request)
        with self._site.reading(request) as connection:
            extent = queries.extent(connection, wearer)
            if extent is not None:
                day = min(day, local(extent.end_utc_ms - 1, self._site.zone).date())
                newest = Period.around(Span.WEEK, day, self._site.preferences(request).week_start)
                both = [period.stretch(self._site.zone) for period in (newest, newest.before())]
                now, before = (figures.judged_s for figures in queries.figures_of(connection, wearer, both))
                if now < LEAST_JUDGED_FOR_A_RATE_S <= before:
                    day = newest.before().first
        return RedirectResponse(f"/history/{Span.WEEK}/{day}")

    def history(self, request: Request) -> Response:
        """A day, a week, a month or a year."""
        wearer = self._site.wearer(request)
        with self._site.reading(request) as connection:
            week_start = self._site.preferences(request).week_start
            try:
                span = Span(request.path_params["span"])
                period = Period.around(span, day_of(request.path_params["day"]), week_start)
                stretch = period.stretch(self._site.zone)
                both = Stretch(period.before().stretch(self._site.zone).start_utc_ms, stretch.end_utc_ms)
            except (ValueError, OverflowError) as error:
                raise HTTPException(404) from error
            months = (day_start(date(period.first.year, n, 1), self._site.zone) for n in range(1, 13))
            hourly = span in (Span.MONTH, Span.YEAR) and whole_hours_apart(months)
            sums = queries.quarters_between(connection, wearer, both, hourly)
            packed = queries.tallies_between(connection, wearer, stretch)
            extent = queries.extent(connection, wearer)
            simulated = queries.simulated_between(connection, wearer, stretch)
            day = None
            if span is Span.DAY:
                sessions = queries.sessions_between(connection, wearer, stretch)
                day = self._day(connection, wearer, period.first, stretch, sessions)
            noted = self._notes(connection, wearer, period)
        cut = bisect_left(sums, stretch.start_utc_ms, key=lambda row: row.start_utc_ms)
        look = history.look(period, sums[cut:], sums[:cut], self._site.zone)
        tally = total_tally(map(unpacked, packed))
        return self._site.page(
            request,
            "history.html",
            "history",
            look=look,
            notes=noted,
            day=day,
            simulated=simulated,
            extent=extent,
            today=self._site.now().date(),
            percentiles=[session_view.known(percentile_deg(tally.flexion, p)) for p in session_view.PERCENTS],
            above=[(angle, share_above(tally, angle)) for angle in SHARES_ABOVE_DEG],
            calendar=history.weeks_of_month(period, week_start) if span is Span.MONTH else [],
            weekdays=history.weekdays(week_start),
            level=history.level,
            spans=list(Span),
            rest_share=look.share_outside(look.worst),
        )

    def _notes(self, connection: Connection, wearer: int, period: Period) -> list[NoteView]:
        rows = queries.notes_between(connection, wearer, period.first.isoformat(), period.after.isoformat())
        around = history.AROUND_NOTE_DAYS
        noted = [(row, date.fromisoformat(row.day)) for row in rows]
        sides = [
            days(first, around, self._site.zone)
            for _, day in noted
            for first in (day - timedelta(days=around), day)
        ]
        figures = iter(queries.figures_of(connection, wearer, sides))
        return [NoteView(row.note_id, day, row.text, next(figures), next(figures)) for row, day in noted]

    def about(self, request: Request) -> Response:
        """What this is and is not."""
        return self._site.page(request, "about.html", "about")
