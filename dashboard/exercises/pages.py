"""The pages of exercises: which there are and what was done, and the coach for one of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from firmware_py.exercise_file import Described
from firmware_py.posture.exercise_words import (
    ExerciseRequest,
    PauseExercise,
    ResumeExercise,
    StartExercise,
    StopExercise,
)

from .. import queries
from ..days import days, utc_ms
from ..forms import read_form
from ..site import Site
from .doses import Dose, PageSet, doses, put, sets_between, week
from .times import MOST, choose_times, times_of

FIGURES = ("head_lift", "scapular_retraction")
"""Drawings there are, `templates/_figure_<name>.html`."""

MAX_BODY_BYTES = 2_000
_DAY = timedelta(days=1)
WEEK_DAYS = 7


class ExercisePages:
    """Every page of exercises."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Their addresses."""
        return [
            Route("/exercises", self.overview),
            Route("/exercises/{exercise}", self.coach),
            Route("/exercises/{exercise}/ask", self.ask, methods=["POST"]),
            Route("/exercises/{exercise}/done", self.done, methods=["POST"]),
            Route("/exercises/{exercise}/times", self.choose, methods=["POST"]),
        ]

    def overview(self, request: Request) -> Response:
        """All exercises: the dose of today, the week, the chosen times."""
        wearer, today = self._site.wearer(request), self._site.now().date()
        known = self._site.exercises
        stretch = days(today - (WEEK_DAYS - 1) * _DAY, WEEK_DAYS, self._site.zone)
        with self._site.reading(request) as connection:
            found = doses(sets_between(connection, wearer, stretch), self._site.zone)
            times = times_of(connection, wearer)
        # What is no longer in the file was done all the same.
        keys = [*known, *sorted({key for _, key in found} - set(known))]
        language = self._site.words(request).language
        return self._site.page(
            request,
            "exercises.html",
            "exercises",
            cards=[self._card(key, found.get((today, key), Dose()), language, times) for key in known],
            names={key: name_of(known, key, language) for key in keys},
            week=week(found, keys, today, WEEK_DAYS),
            today=today,
            simulated=any(dose.simulated for dose in found.values()),
            wearer=wearer,
            most_times=MOST,
            told=request.query_params.get("told", ""),
        )

    def coach(self, request: Request) -> Response:
        """One exercise, led through."""
        key, described = self._described(request)
        wearer, today = self._site.wearer(request), self._site.now().date()
        with self._site.reading(request) as connection:
            done = sets_between(connection, wearer, days(today, 1, self._site.zone))
            names = [row.name for row in queries.devices_of(connection, wearer)]
        dose = doses(done, self._site.zone).get((today, key), Dose())
        t = self._site.words(request)
        card = self._card(key, dose, t.language, {})
        exercise = described.exercise
        setup = {
            "key": key,
            "texts": t.under("coach"),
            "devices": [{"name": name, "online": self._site.hub.standing.is_online(name)} for name in names],
            "left": dose.left(exercise),
            "done": dose.repetitions,
            "dose": t.texts["exercises.dose_today"].replace("{limit}", str(exercise.daily_limit)),
            "set_number": dose.sets + 1,
            "move_s": exercise.move_s,
            "hold_s": exercise.hold_s,
            "rest_s": exercise.rest_s,
            "repetitions": exercise.repetitions,
            "wearer": wearer,
            "decimal": t("format.decimal"),
        }
        return self._site.page(request, "exercise.html", "exercises", card=card, setup=setup)

    async def ask(self, request: Request) -> Response:
        """Ask the wearer's device: start, pause, resume, stop, or stop because it makes something worse."""
        key, described = self._described(request)
        form = await read_form(request)
        device = form.get("device", "")
        done = await run_in_threadpool(self._done_today, request, key, device)
        asked = _asked(form.get("action", ""), key, done)
        if isinstance(asked, StartExercise) and done >= described.exercise.daily_limit:
            return JSONResponse({"accepted": False, "why": "limit"})
        answer = await self._site.hub.ask(device, asked)
        if answer is None:
            return JSONResponse({"accepted": False, "why": "silent"})
        why = "" if answer.accepted else "refused"
        return JSONResponse({"accepted": answer.accepted, "why": why, "detail": answer.detail})

    async def done(self, request: Request) -> Response:
        """Store a set that the page coached by itself; one that comes twice is one."""
        key, _ = self._described(request)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise HTTPException(413)
        try:
            done = msgspec.json.decode(body, type=PageSet)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise HTTPException(400) from error
        if done.end_utc_ms > utc_ms(self._site.now()) + 60_000:
            raise HTTPException(400)

        def store() -> bool:
            with self._site.writing(request) as connection:
                return put(connection, self._site.wearer(request), key, done)

        return JSONResponse({"stored": await run_in_threadpool(store)})

    async def choose(self, request: Request) -> Response:
        """Choose the times to be reminded at."""
        key, _ = self._described(request)
        form = await read_form(request)
        times = [form[name] for name in (f"at_{n}" for n in range(MOST)) if form.get(name)]

        def store() -> str:
            with self._site.writing(request) as connection:
                try:
                    choose_times(connection, self._site.wearer(request), key, times, self._site.now())
                except ValueError:
                    return "unclear"
            return "times"

        told = await run_in_threadpool(store)
        return RedirectResponse(f"/exercises?told={told}#{key}", 303)

    def _described(self, request: Request) -> tuple[str, Described]:
        key = request.path_params["exercise"]
        described = self._site.exercises.get(key)
        if described is None:
            raise HTTPException(404)
        return key, described

    def _done_today(self, request: Request, key: str, device: str) -> int:
        """Repetitions done today, whoever coached them; 404 where the device is not the wearer's."""
        wearer, today = self._site.wearer(request), self._site.now().date()
        with self._site.reading(request) as connection:
            if all(row.name != device for row in queries.devices_of(connection, wearer)):
                raise HTTPException(404)
            done = sets_between(connection, wearer, days(today, 1, self._site.zone))
        return doses(done, self._site.zone).get((today, key), Dose()).repetitions

    def _card(self, key: str, dose: Dose, language: str, times: dict[str, list[str]]) -> dict[str, Any]:
        described = self._site.exercises[key]
        return {
            "key": key,
            "exercise": described.exercise,
            "words": described.wording(language),
            "figure": described.figure if described.figure in FIGURES else "",
            "dose": dose,
            "left": dose.left(described.exercise),
            "times": times.get(key, []),
        }


def name_of(known: dict[str, Described], key: str, language: str) -> str:
    """What an exercise is called; its key where no file describes it any more."""
    return known[key].wording(language).name if key in known else key.replace("_", " ")


def _asked(action: str, key: str, done: int) -> ExerciseRequest:
    requests: dict[str, ExerciseRequest] = {
        "start": StartExercise(0.0, key, done),
        "pause": PauseExercise(0.0),
        "resume": ResumeExercise(0.0),
        "stop": StopExercise(0.0),
        "worse": StopExercise(0.0, worse=True),
    }
    if action not in requests:
        raise HTTPException(400)
    return requests[action]
