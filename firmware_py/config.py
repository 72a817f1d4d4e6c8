"""What the wearer wants, typed, from one TOML file; every error names the file and the key.

Three homes for three kinds of number: what the wearer wants stands here, what was measured in the
profile, what the algorithm assumes in the defaults of a frozen dataclass with its source (`posture/rules.py`,
which `[judgement]` overrides by field name). All has a default; `plumbline.example.toml` shows it.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from .config_words import did_you_mean, in_words, texts
from .errors import ConfigError
from .posture.commands import Mode
from .posture.plan import Plan
from .posture.rules import Rules
from .posture.settings import BodyAlert, QuietHours, Settings, TrainingPlan

Name = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,40}$")]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Address = Annotated[int, msgspec.Meta(ge=0x08, le=0x77)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file; an unknown key is an error, because it is most often a mistyped one."""


class DeviceSection(_Section, frozen=True):
    """Who is measured and where things are kept.

    Attributes:
        name: the device in every topic and on the page.
        data: folder of recordings, profiles and messages not yet delivered; `~` is the user's home.
    """

    name: Name = "back"
    data: str = ""


class SensorSection(_Section, frozen=True):
    """One sensor on one bus. `address` and `chip` are found where they are not given."""

    bus: Annotated[int, msgspec.Meta(ge=0, le=255)] = 1
    address: Address | None = None
    chip: str = "auto"


class SensorsSection(_Section, frozen=True):
    """The sensors: the upper back always, the low back if there is one."""

    upper: SensorSection = SensorSection()
    lower: SensorSection | None = None


_PLAN = Plan()


class PlanSection(_Section, frozen=True):
    """How reminders fade over the weeks (`posture/plan.py`); no plan without a `start`."""

    start: date | None = None
    full_days: int = _PLAN.full_days
    fading_days: int = _PLAN.fading_days
    least_share: float = _PLAN.least_share
    probe_every_days: int = _PLAN.probe_every_days


class RemindersSection(_Section, frozen=True):
    """When and how reminders come; what the wearer chooses on the page wins, key by key.

    Attributes:
        mode: what a run begins with.
        baseline_day: whether the first day of wear only measures.
        timezone: IANA name of the wearer's; empty for the machine's.
        quiet_hours: local times at which reminders rest.
        plan: how they fade.
        buzz: kind of alert -> whether the motor says it.
    """

    mode: Literal["training", "tracking"] = "training"
    baseline_day: bool = True
    timezone: str = ""
    quiet_hours: tuple[QuietHours, ...] = ()
    plan: PlanSection = PlanSection()
    buzz: dict[BodyAlert, bool] = {}


class RecordingSection(_Section, frozen=True):
    """Raw samples on disk: about 5 MB an hour for a sensor at 100 Hz; the oldest go first.

    Attributes:
        raw: whether to keep them.
        keep_days: how long.
        keep_free_mb: below this much free space no further samples are kept.
    """

    raw: bool = False
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 14
    keep_free_mb: Annotated[int, msgspec.Meta(ge=10)] = 500


class MqttSection(_Section, frozen=True):
    """The broker. A password stands in a file of its own, readable by its owner only."""

    host: str = "127.0.0.1"
    port: Port = 1883
    username: str = ""
    password_file: str = ""
    ca_file: str = ""
    home_assistant: bool = False


class DashboardSection(_Section, frozen=True):
    """The page.

    Attributes:
        host: address to listen on.
        port: to listen on.
        database: a SQLAlchemy URL; empty means SQLite in the data folder.
        ingest: false where `plumbline ingest` processes store what the broker brings.
        people: whether it is for several people, each with an account.
        phone_networks: where there are accounts, networks inside which notices may go to phones.
        tls_cert: certificate chain to speak TLS with (PEM).
        tls_key: its private key, which only its owner reads.
        proxies: addresses of proxies whose word on where a request comes from is taken.
        url: address under which others reach it, for links and QR codes.
        allowed_hosts: further names under which browsers may open it.
    """

    host: str = "127.0.0.1"
    port: Port = 8765
    database: str = ""
    ingest: bool = True
    people: bool = False
    phone_networks: list[str] = []
    tls_cert: str = ""
    tls_key: str = ""
    proxies: list[str] = []
    url: str = ""
    allowed_hosts: list[str] = []


Days = Annotated[int, msgspec.Meta(ge=0, le=36_500)]


class RetentionSection(_Section, frozen=True):
    """How many days each kind of data is kept; 0 is for good. Sums of hours and days are always kept."""

    minutes_days: Days = 0
    events_days: Days = 0
    slouches_days: Days = 0
    quarters_days: Days = 0
    rejections_days: Days = 90


class MotorSection(_Section, frozen=True):
    """The vibration motor: a DRV2605L on an I2C bus, a GPIO pin, or none.

    `patterns` replaces any of `hardware/patterns.py` by name.
    """

    kind: Literal["none", "drv2605l", "gpio"] = "none"
    bus: Annotated[int, msgspec.Meta(ge=0, le=255)] = 1
    pin: Annotated[int, msgspec.Meta(ge=0, le=27)] = 18
    patterns: dict[str, str] = {}


class ExercisesSection(_Section, frozen=True):
    """The wearer's own exercises, beside those that come along; format: docs/exercises.md."""

    file: str = ""


class ButtonSection(_Section, frozen=True):
    """The push button, to ground; none without a pin."""

    pin: Annotated[int, msgspec.Meta(ge=0, le=27)] | None = None


class LedSection(_Section, frozen=True):
    """A light that is on while posture is judged; none without a pin."""

    pin: Annotated[int, msgspec.Meta(ge=0, le=27)] | None = None


class Config(_Section, frozen=True):
    """Everything that can be chosen."""

    device: DeviceSection = DeviceSection()
    sensors: SensorsSection = SensorsSection()
    judgement: dict[str, Any] = {}
    reminders: RemindersSection = RemindersSection()
    recording: RecordingSection = RecordingSection()
    mqtt: MqttSection = MqttSection()
    dashboard: DashboardSection = DashboardSection()
    retention: RetentionSection = RetentionSection()
    motor: MotorSection = MotorSection()
    button: ButtonSection = ButtonSection()
    exercises: ExercisesSection = ExercisesSection()
    led: LedSection = LedSection()

    def rules(self) -> Rules:
        """The rules of the core, with what `[judgement]` overrides."""
        return _rules(self.judgement)

    def reminder_settings(self) -> dict[str, Any]:
        """Settings of `posture/settings.py` by key, those that `[reminders]` has otherwise than the default.

        Raises:
            ConfigError: naming the key.
        """
        chosen, default = self.reminders, RemindersSection()
        plain = ("mode", "baseline_day", "timezone", "quiet_hours")
        found = {key: getattr(chosen, key) for key in plain if getattr(chosen, key) != getattr(default, key)}
        found |= {"mode": Mode(chosen.mode)} if "mode" in found else {}
        if chosen.plan != default.plan:
            found["plan"] = TrainingPlan(**msgspec.structs.asdict(chosen.plan))
        found |= {f"buzz.{kind}": on for kind, on in chosen.buzz.items()}
        Settings.of(found)
        return found

    def exercises_file(self) -> Path | None:
        """The wearer's own exercises; None for none."""
        return Path(self.exercises.file).expanduser() if self.exercises.file else None

    def data_folder(self) -> Path:
        """Where this device keeps its things; made on demand, readable by its owner only."""
        chosen = self.device.data
        folder = Path(chosen).expanduser() if chosen else default_data_home() / self.device.name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


BROKER_FOLDER = "broker"
"""Where a broker is kept that was prepared here, in Plumbline's own folder."""


def default_data_home() -> Path:
    """`$XDG_DATA_HOME/plumbline`, else `~/.local/share/plumbline` (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "plumbline"


def load(path: Path | None) -> Config:
    """Read a configuration; None looks for `plumbline.toml` here, then in /etc/plumbline, else the defaults.

    Raises:
        ConfigError: naming file and key: unknown, of the wrong type or out of range; or the line of bad TOML.
    """
    if path is None:
        places = (Path("plumbline.toml"), Path("/etc/plumbline/plumbline.toml"))
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            return Config()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the configuration {path}: {error}") from error
    return parse(text, str(path))


def parse(text: str, where: str) -> Config:
    """Read the text of a configuration; `where` names it in errors (see `load`)."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not valid TOML: {error}") from error
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {in_words(str(error), raw, Config)}") from error
    for path, value in texts(raw):
        if any(ord(sign) < 32 for sign in value):
            raise ConfigError(
                f"{where}: {path} = {value[:60]!r}: a line break or control character stands in it"
            )
    known = [field.name for field in dataclasses.fields(QuietHours)]
    for i, hours in enumerate(raw.get("reminders", {}).get("quiet_hours", ())):
        for key in sorted(hours.keys() - set(known)):
            raise ConfigError(
                f"{where}: [reminders.quiet_hours[{i}]] has no key {key!r}{did_you_mean(key, known)}"
            )
    try:
        config.rules()
    except ConfigError as error:
        raise ConfigError(f"{where}: [judgement] {error}") from error
    try:
        config.reminder_settings()
    except ConfigError as error:
        raise ConfigError(f"{where}: [reminders] {error}") from error
    return config


def _rules(chosen: dict[str, Any]) -> Rules:
    known = [field.name for field in dataclasses.fields(Rules)]
    for key in chosen:
        if key not in known:
            raise ConfigError(f"has no key {key!r}{did_you_mean(key, known)}")
    try:
        return msgspec.convert(chosen, Rules)
    except msgspec.ValidationError as error:
        cause = error.__cause__
        told = str(cause) if isinstance(cause, ConfigError) else in_words(str(error), chosen, Rules)
        raise ConfigError(told) from error
