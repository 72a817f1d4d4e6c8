"""The tree of errors: one root of ours, each also the builtin that a reader expects.

A message says what was seen and what to do about it; the command prints it as one line.
"""


class PlumblineError(Exception):
    """Root of every error that Plumbline raises on purpose."""


class ConfigError(PlumblineError, ValueError):
    """A setting is missing, mistyped or out of range; names the file and the key."""


class ProfileError(PlumblineError, ValueError):
    """A calibration profile cannot be read or makes no sense; names the key."""


class CalibrationRejected(PlumblineError, ValueError):  # noqa: N818  # an answer to the wearer, no fault
    """A calibration step did not succeed; says to the wearer what was seen and what to do once more.

    Args:
        message: one sentence in English.
        finding: the same for who speaks another language: a key (`posture.guidance.GuideFinding`) …
        values: … and the numbers in the sentence, by names that carry their units.
    """

    def __init__(self, message: str, finding: str = "", **values: float) -> None:
        super().__init__(message)
        self.finding = finding
        self.values = values


class SampleError(PlumblineError, ValueError):
    """Samples of the wrong shape, unit or order."""


class RecordingError(PlumblineError, ValueError):
    """A recording or a CSV of samples cannot be read; names the place."""


class MessageError(PlumblineError, ValueError):
    """A message is malformed, of an unknown kind or of a newer schema."""


class SchemaError(MessageError):
    """A message is of a newer schema than this version reads; the reader must be updated."""


class SensorError(PlumblineError, OSError):
    """The sensor is absent, silent, or not the chip that was expected."""


class LinkError(PlumblineError, ConnectionError):
    """The broker cannot be reached or refuses us."""


class StoreError(PlumblineError, RuntimeError):
    """The dashboard's database cannot be opened or is of a newer version."""


class ReportError(PlumblineError, ValueError):
    """A record cannot be made: its range, its paper, its kind of file, or a library that is not installed."""
