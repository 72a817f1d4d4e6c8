"""Writing a day for a simulated person: what they do, one thing after another, with the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from ...posture.blocks import Place
from ...posture.events import Activity, Posture
from .wearer_channels import Channel, Channels, Rhythm, Shaking
from .wearer_curves import Wander, breath, unrest
from .wearer_moves import Move, Range
from .wearer_person import Person, Pose, Style
from .wearer_truth import Label, TrueSlouch, Truth

SIDED = (Channel.UPPER_LATERAL, Channel.LOWER_LATERAL, Channel.UPPER_TWIST)

POSED = (Channel.UPPER_FLEXION, Channel.UPPER_LATERAL, Channel.LOWER_FLEXION, Channel.LOWER_LATERAL)
"""What a `Pose` says, in its order."""

_UNREST_KNOTS = 8192
_UNREST_KNOT_S = 0.25


class Script:
    """A person's doings from t = 0 on; every method goes on where the last one ended.

    Attributes:
        person: who it is.
        rng: what the script draws from; all of it follows from `seed` and the order of the calls.
        now_s: how far the script has come.
        channels: the motion so far.
    """

    def __init__(self, person: Person, seed: int = 0) -> None:
        self.person = person
        self.rng = np.random.default_rng([person.seed, list(Style).index(person.style), seed])
        self.now_s = 0.0
        self.channels = _living(person, self.rng)
        self._sources: dict[tuple[int, float, float], Wander] = {}
        self._aims = dict.fromkeys(Channel, 0.0)
        self._labels: list[tuple[float, str, Posture, Activity, bool]] = []
        self._slouches: list[TrueSlouch] = []
        self._slouching: tuple[float, float] | None = None
        self._held: tuple[str, Posture, Activity] = ("working", Posture.UPRIGHT, Activity.STILL)
        self.worn = True
        self.aim(Channel.LIVELINESS, 1.0, 1e-3, at_s=-1.0)
        self.label(*self._held)

    # Ground truth -----------------------------------------------------------------------------

    def label(self, doing: str, posture: Posture, activity: Activity) -> None:
        """From now on the wearer does this."""
        entry = (self.now_s, doing, posture, activity, self.worn)
        if self._labels and self._labels[-1][0] == self.now_s:
            self._labels[-1] = entry
        elif not self._labels or self._labels[-1][1:] != entry[1:]:
            self._labels.append(entry)

    @contextmanager
    def meanwhile(
        self, doing: str, posture: Posture = Posture.UNKNOWN, activity: Activity = Activity.MOVING
    ) -> Iterator[None]:
        """A label for what happens inside; afterwards the posture held before goes on."""
        self.label(doing, posture, activity)
        yield
        self.label(*self._held)

    def holding(self, doing: str, posture: Posture, activity: Activity = Activity.STILL) -> None:
        """From now on this posture is held, and returned to after every movement."""
        self._held = (doing, posture, activity)
        self.label(*self._held)

    def end_slouch(self) -> None:
        """A slouch that was held is over; nothing happens where none was."""
        if self._slouching is not None:
            start_s, depth_deg = self._slouching
            self._slouches.append(TrueSlouch(start_s, self.now_s, depth_deg))
            self._slouching = None

    def forget(self, before_s: float) -> None:
        """Let go of motion and truth that were over before then: an endless script has constant memory."""
        self.channels.forget(before_s)
        self._labels = [row for row in self._labels[:-1] if row[0] >= before_s] + self._labels[-1:]
        self._slouches = [slouched for slouched in self._slouches if slouched.end_s >= before_s]

    def truth(self) -> Truth:
        """What was written so far, up to now."""
        self.end_slouch()
        ends_s = [start_s for start_s, *_ in self._labels[1:]] + [self.now_s]
        labels = [
            Label(row[0], end_s, row[1], row[2], row[3], row[4])
            for row, end_s in zip(self._labels, ends_s, strict=True)
            if end_s > row[0]
        ]
        return Truth(labels, self._slouches)

    # Motion -----------------------------------------------------------------------------------

    def between(self, span: Range) -> float:
        """A number drawn evenly from the span."""
        return float(self.rng.uniform(*span))

    def about(self, mean: float, spread: float) -> float:
        """A number drawn from a bell curve that ends at two spreads."""
        return mean + spread * float(np.clip(self.rng.standard_normal(), -2.0, 2.0))

    def wait(self, for_s: float) -> None:
        """Let time pass."""
        self.now_s += max(0.0, for_s)

    def aim(self, channel: Channel, at: float, in_s: float, at_s: float | None = None) -> None:
        """Bring a channel to `at` within `in_s`, beginning now or at `at_s`; time does not pass."""
        self.channels.step(channel, self.now_s if at_s is None else at_s, in_s, at - self._aims[channel])
        self._aims[channel] = at

    def aim_by(self, channel: Channel, by: float, in_s: float, at_s: float | None = None) -> None:
        """Change a channel by so much; time does not pass."""
        self.aim(channel, self._aims[channel] + by, in_s, at_s)

    def pose(self, pose: Pose, in_s: float, wobble_deg: float | Pose = 0.0) -> None:
        """Bring the trunk into a pose, no angle exactly on it; time does not pass.

        Args:
            pose: what is aimed at.
            in_s: how quickly.
            wobble_deg: how far off it ends, one sigma: of each angle, or of the upper back's flexion, the
                others by their share of it.
        """
        if not isinstance(wobble_deg, Pose):
            wobble_deg = Pose(wobble_deg, 0.5 * wobble_deg, 0.4 * wobble_deg, 0.2 * wobble_deg)
        for channel, angle_deg, spread_deg in zip(POSED, pose, wobble_deg, strict=True):
            self.aim(channel, angle_deg + self.about(0.0, spread_deg), in_s * self.between((0.9, 1.0)))
        self.aim(Channel.UPPER_TWIST, self.about(0.0, wobble_deg.upper_deg), in_s)

    def hold(self, for_s: float, fidget_deg: float = 1.2, every_s: float = 25.0) -> None:
        """Keep the posture as people do: small shifts about it, now and then.

        Args:
            for_s: how long.
            fidget_deg: spread of the shifts, sagittal at the upper back.
            every_s: mean time from one to the next.
        """
        end_s = self.now_s + max(0.0, for_s)
        base = dict(self._aims)
        at_s = self.now_s + self.rng.exponential(every_s)
        while at_s < end_s - 3.0:
            lasting_s = self.between((0.7, 2.2))
            for channel, share in (
                (Channel.UPPER_FLEXION, 1.0),
                (Channel.UPPER_LATERAL, 0.6),
                (Channel.UPPER_TWIST, 1.5),
                (Channel.LOWER_FLEXION, 0.4),
                (Channel.LOWER_LATERAL, 0.3),
            ):
                self.aim(channel, base[channel] + share * self.about(0.0, fidget_deg), lasting_s, at_s)
            at_s += lasting_s + self.rng.exponential(every_s)
        self.now_s = end_s

    def move(self, move: Move, there_s: float | None = None) -> None:
        """Make an everyday movement and return from it; `there_s` overrides how long it is held."""
        out_s, back_s = self.between(move.out_s), self.between(move.back_s)
        stay_s = self.between(move.there_s) if there_s is None else there_s
        side = self.rng.choice((-1.0, 1.0)) if move.one_sided else 1.0
        with self.meanwhile(move.doing):
            ways = {
                channel: (side if channel in SIDED else 1.0) * self.about(*by)
                for channel, by in move.by.items()
            }
            for channel, way in ways.items():
                self.aim_by(channel, way, out_s)
            if move.shaking:
                self.rhythm(
                    {channel: [swing, 0.3 * swing] for channel, swing in move.shaking.items()},
                    move.shaking_hz,
                    out_s + stay_s,
                    0.5,
                    0.6,
                )
            self.wait(out_s)
            if move.held:
                self.label(move.doing, *self._held[1:])
            self.wait(stay_s)
            self.label(move.doing, Posture.UNKNOWN, Activity.MOVING)
            for channel, way in ways.items():
                self.aim_by(channel, -way, back_s)
            self.wait(back_s)

    def rhythm(
        self,
        waves: Mapping[Channel, Sequence[float]],
        cycle_hz: float,
        for_s: float,
        ramp_s: float,
        wavering_rad: float,
    ) -> None:
        """Swing channels periodically from now on; time does not pass.

        Args:
            waves: channel -> sine amplitude of each harmonic, in the units of `Channel`; each
                harmonic begins at a phase of its own.
            cycle_hz: frequency of the fundamental.
            for_s: how long, at least two ramps.
            ramp_s: fading in and out.
            wavering_rad: spread of the phase.
        """
        longest = max(len(wave) for wave in waves.values())
        amplitudes = {}
        for channel, wave in waves.items():
            phase = self.rng.uniform(-0.5, 0.5, len(wave))
            both = np.zeros(2 * longest)
            both[: len(wave)] = wave * np.sin(phase)
            both[longest : longest + len(wave)] = wave * np.cos(phase)
            amplitudes[channel] = both
        self.channels.burst(
            Rhythm(
                self.now_s,
                self.now_s + max(for_s, 2.0 * ramp_s),
                cycle_hz,
                amplitudes,
                ramp_s,
                self._source(1, 0.5, 0.2),
                wavering_rad,
            )
        )

    def shake(self, spreads: Mapping[Channel, float], for_s: float, knot_s: float, corner_hz: float) -> None:
        """Shake channels irregularly from now on; time does not pass.

        Args:
            spreads: channel -> one sigma, in the units of `Channel`.
            for_s: how long, at least a second.
            knot_s: the shaking reaches up to about 1 / (3 · knot_s) Hz.
            corner_hz: above this it falls off.
        """
        source = self._source(len(spreads), knot_s, corner_hz)
        self.channels.burst(
            Shaking(self.now_s, self.now_s + max(for_s, 1.0), spreads, source, min(0.5, for_s / 2.0))
        )

    def _source(self, curves: int, knot_s: float, corner_hz: float) -> Wander:
        """Unrest of one kind, drawn once: at a desk nobody can tell that it repeats every few minutes."""
        key = curves, knot_s, corner_hz
        if key not in self._sources:
            drawn = [unrest(self.rng, 4096, knot_s, corner_hz, 0.02) for _ in range(curves)]
            self._sources[key] = Wander(np.stack(drawn), knot_s)
        return self._sources[key]

    def slip(
        self,
        flexion_deg: float,
        lateral_deg: float = 0.0,
        in_s: float = 0.6,
        at_s: float | None = None,
        place: Place = Place.UPPER,
    ) -> None:
        """Let a strap slip at once, now or at `at_s`; time does not pass, posture goes on."""
        if place is Place.UPPER:
            flexion, lateral = Channel.UPPER_SLIP_FLEXION, Channel.UPPER_SLIP_LATERAL
        else:
            flexion, lateral = Channel.LOWER_SLIP_FLEXION, Channel.LOWER_SLIP_LATERAL
        self.aim_by(flexion, flexion_deg, in_s, at_s)
        self.aim_by(lateral, lateral_deg, in_s, at_s)

    def creep(self, flexion_deg: float, lateral_deg: float, over_s: float) -> None:
        """Let the upper strap creep evenly from now on, in steps too small to feel; time does not pass."""
        steps = max(1, round(over_s / 20.0))
        for k in range(steps):
            at_s = self.now_s + k * over_s / steps
            self.slip(flexion_deg / steps, lateral_deg / steps, over_s / steps, at_s)

    def begin_slouch(self, depth_deg: float) -> None:
        """From now on the wearer means to slouch so deep."""
        self.end_slouch()
        self._slouching = (self.now_s, depth_deg)


def _living(who: Person, rng: np.random.Generator) -> Channels:
    """The channels of a living trunk: breathing and sway, sagittal more than sideways, above most."""

    def sway(corner_hz: float = 0.05) -> np.ndarray:
        return unrest(rng, _UNREST_KNOTS, _UNREST_KNOT_S, corner_hz, 0.01)

    breathing = breath(rng, _UNREST_KNOTS, _UNREST_KNOT_S, who.breaths_per_min)
    share = who.breath_deg / who.sway_deg
    curves = np.stack(
        [
            sway() + share * breathing,
            0.6 * sway() + 0.15 * share * breathing,
            0.8 * sway(),
            0.4 * sway() + 0.25 * share * breathing,
            0.3 * sway(),
        ]
    )
    channels = (
        Channel.UPPER_FLEXION,
        Channel.UPPER_LATERAL,
        Channel.UPPER_TWIST,
        Channel.LOWER_FLEXION,
        Channel.LOWER_LATERAL,
    )
    return Channels(Wander(curves, _UNREST_KNOT_S), dict.fromkeys(channels, who.sway_deg))
