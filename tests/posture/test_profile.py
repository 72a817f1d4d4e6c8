"""What a calibration profile keeps, refuses and does to samples."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from firmware_py.errors import ProfileError
from firmware_py.posture.blocks import SensorBlock
from firmware_py.posture.events import Posture
from firmware_py.posture.profile import (
    CalibrationProfile,
    Matrix,
    Mounting,
    Neutral,
    PoseExample,
    Quality,
    SensorModel,
    SensorProfile,
    from_json,
    rotation_onto_up,
    to_json,
)
from firmware_py.posture.trunk import Vector

small = st.floats(-0.2, 0.2)
vectors = st.tuples(small, small, small)


@st.composite
def directions(draw: st.DrawFn) -> Vector:
    z, turn = draw(st.floats(-1.0, 1.0)), draw(st.floats(-math.pi, math.pi))
    flat = math.sqrt(1.0 - z * z)
    return flat * math.cos(turn), flat * math.sin(turn), z


@st.composite
def rotations(draw: st.DrawFn) -> Matrix:
    x, y, z = draw(directions())
    matrix = Rotation.from_rotvec(draw(st.floats(0.0, math.pi)) * np.array([x, y, z])).as_matrix()
    a, b, c = ((float(r[0]), float(r[1]), float(r[2])) for r in matrix)
    return a, b, c


@st.composite
def sensor_profiles(draw: st.DrawFn) -> SensorProfile:
    a, b, c = draw(vectors), draw(vectors), draw(vectors)
    return SensorProfile(
        sensor=SensorModel(
            acc_bias_m_s2=draw(vectors),
            acc_matrix=((1.0 + a[0], a[1], a[2]), (b[0], 1.0 + b[1], b[2]), (c[0], c[1], 1.0 + c[2])),
            gyr_bias_rad_s=draw(vectors),
            gyr_bias_slope_rad_s_k=draw(st.tuples(*[st.floats(-0.01, 0.01)] * 3)),
            temp_c=draw(st.one_of(st.just(math.nan), st.floats(-20.0, 60.0))),
        ),
        mounting=Mounting(draw(rotations())),
        neutral=Neutral(draw(directions()), draw(st.one_of(st.none(), directions()))),
        sensor_id=draw(st.text(max_size=20)),
        quality=Quality(bows=draw(st.integers(0, 9)), bow_spread_deg=draw(st.floats(0.0, 30.0))),
    )


@st.composite
def profiles(draw: st.DrawFn) -> CalibrationProfile:
    angle = st.floats(-90.0, 90.0)
    poses = st.builds(
        PoseExample,
        st.sampled_from([posture for posture in Posture if posture is not Posture.UNKNOWN]),
        angle,
        angle,
        st.one_of(st.none(), angle),
    )
    return CalibrationProfile(
        upper=draw(sensor_profiles()),
        lower=draw(st.one_of(st.none(), sensor_profiles())),
        made_at=draw(st.sampled_from(["", "2026-03-01T08:30:00+00:00", "2026-03-01T08:30:00Z"])),
        note=draw(st.text(max_size=40)),
        simulated=draw(st.booleans()),
        own_poses=tuple(draw(st.lists(poses, max_size=3))),
    )


@given(profiles())
def test_a_profile_survives_its_text(profile: CalibrationProfile) -> None:
    # By their words: a number that is unknown is NaN, which equals nothing.
    assert repr(from_json(to_json(profile))) == repr(profile)


def edited(path: str, value: Any) -> str:
    tree = json.loads(to_json(CalibrationProfile(own_poses=(PoseExample(Posture.SLOUCHED, 20.0, 1.0),))))
    place: Any = tree
    *parents, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(tree)


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("upper/mounting/rotation/1/1", 0.9, r"^upper\.mounting\.rotation\[1\]: has length 0\.9000"),
        ("upper/mounting/rotation/0", [0.0, 1.0, 0.0], r"^upper\.mounting\.rotation: .* not perpendicular"),
        ("upper/mounting/rotation/1/1", -1.0, r"^upper\.mounting\.rotation: it mirrors"),
        ("upper/mounting/rotation/2", [1.0, 0.0], r"^upper\.mounting\.rotation\[2\]: a list of 3"),
        ("upper/mounting/rotation/2/0", "1.0", r"^upper\.mounting\.rotation\[2\]\[0\]: a number"),
        ("upper/mounting/rotation/2/0", True, r"^upper\.mounting\.rotation\[2\]\[0\]: a number"),
        ("upper/neutral/up", [0.0, 0.0, 2.0], r"^upper\.neutral\.up: has length 2\.0000"),
        ("upper/neutral/standing_up", [0.0, 0.0, 0.0], r"^upper\.neutral\.standing_up: has length 0"),
        ("upper/neutral/upp", [0.0, 0.0, 1.0], r"^upper\.neutral\.upp: unknown key; did you mean up\?"),
        ("upper/neutral", ..., r"^upper\.neutral: missing"),
        ("upper/sensor/temp_c", ..., r"^upper\.sensor\.temp_c: missing"),
        ("upper/sensor/acc_bias_m_s2/2", 99.0, r"^upper\.sensor\.acc_bias_m_s2\[2\]: 99 is outside -5 to 5"),
        ("upper/sensor/acc_matrix/0/0", 0.1, r"^upper\.sensor\.acc_matrix\[0\]\[0\]: 0\.1 is outside 0\.7"),
        ("upper/sensor/gyr_bias_rad_s", None, r"^upper\.sensor\.gyr_bias_rad_s: a list of 3"),
        ("upper/quality/bows", -1, r"^upper\.quality\.bows: a whole number"),
        ("upper/quality/bow_spread_deg", -1.0, r"^upper\.quality\.bow_spread_deg: -1 is outside"),
        ("own_poses/0/posture", "slouching", r"^own_poses\[0\]\.posture: one of upright"),
        ("own_poses/0/posture", "unknown", r"^own_poses\[0\]\.posture: one of upright"),
        ("own_poses/0/upper_deg", None, r"^own_poses\[0\]\.upper_deg: a number"),
        ("made_at", "yesterday", r"^made_at: .* is no date"),
        ("made_at", "2026-03-01T08:30:00+02:00", r"^made_at: .* not in UTC"),
        ("simulated", 0, r"^simulated: true or false"),
        ("note", 7, r"^note: text"),
        ("lower", [], r"^lower: an object"),
        ("format_version", ..., r"^format_version: missing"),
        ("format_version", 2, r"^format_version: 2 was written by a newer"),
        ("format_version", 0, r"^format_version: 0 was never"),
        ("notes", "x", r"^notes: unknown key; did you mean note\?"),
    ],
)
def test_nonsense_written_by_hand_is_refused_by_its_key(path: str, value: Any, complaint: str) -> None:
    with pytest.raises(ProfileError, match=complaint):
        from_json(edited(path, value))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not JSON: .* line 1"),
        ("[1, 2]", "format_version: missing"),
        ('{"note": "a", "note": "b"}', "note: the key stands twice"),
        ('{"format_version": NaN}', "NaN is not a JSON number"),
        ("[" * 100_000, "nested too deeply"),
        ('{"format_version": 1, "made_at": "", "upper": 1' + "0" * 400 + "}", "upper: an object"),
    ],
)
def test_a_text_that_is_no_profile_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ProfileError, match=complaint):
        from_json(text)


def test_what_may_be_left_out_has_a_default() -> None:
    tree = json.loads(to_json(CalibrationProfile()))
    for key in ("simulated", "note", "lower", "own_poses"):
        del tree[key]
    for key in ("sensor_id", "quality"):
        del tree["upper"][key]
    assert repr(from_json(json.dumps(tree))) == repr(CalibrationProfile())


def test_a_profile_made_in_code_is_checked_as_well() -> None:
    with pytest.raises(ProfileError, match=r"mounting\.rotation\[0\]: has length 2"):
        SensorProfile(mounting=Mounting(((2.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))))
    with pytest.raises(ProfileError, match=r"sensor\.gyr_bias_rad_s: .* not a number"):
        SensorProfile(sensor=SensorModel(gyr_bias_rad_s=(math.nan, 0.0, 0.0)))


@given(sensor_profiles(), st.integers(0, 12))
def test_applying_a_profile_is_its_formula_row_by_row(profile: SensorProfile, samples: int) -> None:
    rng = np.random.default_rng(samples)
    block = SensorBlock(
        np.arange(samples) / 100.0, rng.normal(0, 9, (samples, 3)), rng.normal(0, 1, (samples, 3)), 31.0
    )
    body = profile.apply(block)
    model = profile.sensor
    turn = profile.to_neutral()
    warmer_k = 0.0 if math.isnan(model.temp_c) else 31.0 - model.temp_c
    gyr_bias = np.array(model.gyr_bias_rad_s) + warmer_k * np.array(model.gyr_bias_slope_rad_s_k)
    for i in range(samples):
        acc = turn @ np.array(model.acc_matrix) @ (block.acc_m_s2[i] - np.array(model.acc_bias_m_s2))
        np.testing.assert_allclose(body.acc_m_s2[i], acc, atol=1e-9)
        np.testing.assert_allclose(body.gyr_rad_s[i], turn @ (block.gyr_rad_s[i] - gyr_bias), atol=1e-9)


@given(sensor_profiles())
def test_the_neutral_is_all_that_parts_the_mounting_from_the_profile(profile: SensorProfile) -> None:
    rng = np.random.default_rng(7)
    block = SensorBlock(np.arange(10) / 100.0, rng.normal(0, 9, (10, 3)), rng.normal(0, 1, (10, 3)))
    onto_up = rotation_onto_up(profile.neutral.up)
    mounted = profile.apply_mounting(block)
    np.testing.assert_allclose(profile.apply(block).acc_m_s2, mounted.acc_m_s2 @ onto_up.T, atol=1e-9)
    np.testing.assert_allclose(profile.apply(block).gyr_rad_s, mounted.gyr_rad_s @ onto_up.T, atol=1e-9)


def test_an_implausible_sample_stays_implausible() -> None:
    block = SensorBlock(np.arange(3) / 100.0, np.full((3, 3), 1.0), np.full((3, 3), 1.0))
    block.acc_m_s2[1] = np.nan
    assert np.isnan(SensorProfile().apply(block).acc_m_s2[:, 0]).tolist() == [False, True, False]


@given(directions())
def test_the_smallest_rotation_brings_neutral_up(up: Vector) -> None:
    turn = rotation_onto_up(up)
    np.testing.assert_allclose(turn @ np.array(up), [0.0, 0.0, 1.0], atol=1e-6)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(turn) > 0
