"""The one command, `plumbline`. A subcommand is a few lines here and imports what it needs when it runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__
from .administer import add_commands
from .arguments import days, port, seconds, speed
from .errors import PlumblineError
from .people import add_commands as add_people
from .report import add_commands as add_report

OURS = ("firmware_py", "calibration", "dashboard")

EXTRAS = {"gpiozero": "gpio", "lgpio": "gpio", "psycopg": "postgresql", "pyarrow": "parquet", "typst": "pdf"}
"""Package -> the extra of `pyproject.toml` that brings it; all others come with `dashboard`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `plumbline`; returns the exit status: 0 done, 1 a fault told in one line, 2 wrong usage."""
    args = _parser().parse_args(argv)
    try:
        status: int = args.run(args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output has had enough
        sys.stderr.close()
        return 0
    except (PlumblineError, OSError) as error:
        told = str(error)
        if isinstance(error, OSError) and error.filename and error.strerror:  # without its number
            told = f"{error.filename}: {error.strerror}"
        print(f"plumbline {args.command}: {told}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in OURS:
            raise
        extra = EXTRAS.get(missing, "dashboard")
        print(
            f"plumbline {args.command} needs {missing}, which is not installed: "
            f"install Plumbline with its extra {extra!r}, as in pip install '.[{extra}]'",
            file=sys.stderr,
        )
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="plumbline",
        description="A wearable posture monitor. It measures and reminds; it diagnoses nothing.",
    )
    parser.add_argument("--version", action="version", version=f"plumbline {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo", help="see everything at work with a simulated wearer, no hardware needed"
    )
    demo.add_argument("--port", type=port, default=8765, help="port of the page (8765)")
    demo.add_argument("--data", type=Path, help="data folder (default: demo in Plumbline's own)")
    demo.add_argument(
        "--days", type=days, default=14, help="days of simulated history up to the last working day (14)"
    )
    demo.add_argument("--two-sensors", action="store_true", help="wear a second sensor on the low back")
    demo.add_argument(
        "--broker",
        choices=("mosquitto", "amqtt"),
        default="mosquitto",
        help="broker to prefer (mosquitto where it is installed)",
    )
    demo.add_argument(
        "--language", choices=("en", "de"), help="of the simulated diary (that of this terminal)"
    )
    demo.add_argument("--for", dest="for_s", type=seconds, metavar="SECONDS", help="stop after so long")
    demo.set_defaults(run=_demo)

    run = commands.add_parser("run", help="monitor with the real sensor")
    _config_option(run)
    run.add_argument("--for", dest="for_s", type=seconds, metavar="SECONDS", help="stop after so long")
    run.set_defaults(run=_run)

    record = commands.add_parser("record", help="keep the raw samples of the real sensor, judging nothing")
    _config_option(record)
    record.add_argument("file", type=Path, help="recording to write")
    record.add_argument("--for", dest="for_s", type=seconds, metavar="SECONDS", help="stop after so long")
    record.set_defaults(run=_record)

    replay = commands.add_parser(
        "replay", help="play a recording or a CSV of samples to the broker, as if live"
    )
    _config_option(replay)
    _input_options(replay)
    replay.add_argument(
        "--speed", type=speed, default=1.0, help="times real time; 0 is as fast as it goes (1)"
    )
    replay.set_defaults(run=_replay)

    analyse = commands.add_parser(
        "analyse", help="judge a recording or a CSV of samples and print the summary"
    )
    _config_option(analyse)
    _input_options(analyse)
    analyse.add_argument("--json", action="store_true", help="print JSON")
    analyse.add_argument(
        "--as-configured",
        action="store_true",
        help="judge by the numbers of the configuration, not by those that held when it was recorded",
    )
    analyse.set_defaults(run=_analyse)

    export = commands.add_parser("export", help="write the samples of a recording as CSV")
    export.add_argument("file", type=Path, help="recording to read")
    export.add_argument("csv", type=Path, nargs="?", help="table to write (standard output)")
    export.set_defaults(run=_export)

    calibrate = commands.add_parser(
        "calibrate", help="find how the sensor sits and what your upright is, guided"
    )
    _config_option(calibrate)
    calibrate.add_argument(
        "--plan",
        choices=("full", "strap", "neutral", "poses"),
        default="full",
        help="full: a new sensor; strap: it sits another way; neutral: 5 s of upright; "
        "poses: your own example of each posture (full)",
    )
    calibrate.set_defaults(run=_calibrate)

    buzz = commands.add_parser("buzz", help="play a pattern on the motor")
    _config_option(buzz)
    buzz.add_argument("pattern", nargs="?", default="slouch", help="name of the pattern (slouch)")
    buzz.set_defaults(run=_buzz)

    doctor = commands.add_parser("doctor", help="look at everything that a run needs, and say what to do")
    _config_option(doctor)
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run=_doctor)

    dashboard = commands.add_parser("dashboard", help="serve the page and store what the broker brings")
    _config_option(dashboard)
    dashboard.add_argument("--port", type=port, help="port of the page (dashboard.port of plumbline.toml)")
    dashboard.set_defaults(run=_dashboard)

    ingest = commands.add_parser(
        "ingest", help="store a share of what the broker brings; any number of these work side by side"
    )
    _config_option(ingest)
    ingest.add_argument("--group", default="plumbline", help="workers of one group share it (plumbline)")
    ingest.add_argument("--id", required=True, help="which worker this is: the same at every start")
    ingest.set_defaults(run=_ingest)

    migrate = commands.add_parser("migrate", help="bring the database to this version's schema")
    _config_option(migrate)
    migrate.set_defaults(run=_migrate)
    add_commands(commands)
    add_people(commands)
    add_report(commands)
    return parser


def _config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="plumbline.toml to read")


def _input_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="recording, or CSV with the header of docs/recordings.md")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--profile", type=Path, metavar="FILE", help="calibration profile to judge from")
    start.add_argument(
        "--neutral-from",
        type=seconds,
        metavar="SECONDS",
        help="take the wearer's neutral from the first so many seconds",
    )


def _demo(args: argparse.Namespace) -> int:
    from .demo import demo

    return demo(
        args.port,
        args.data,
        args.days,
        two_sensors=args.two_sensors,
        for_s=args.for_s,
        prefer=args.broker,
        language=args.language,
    )


def _run(args: argparse.Namespace) -> int:
    from .app import run
    from .config import load

    return run(load(args.config), args.for_s)


def _record(args: argparse.Namespace) -> int:
    from .app import record
    from .config import load

    return record(load(args.config), args.file, args.for_s)


def _replay(args: argparse.Namespace) -> int:
    from calibration.neutral import with_neutral

    from .config import load
    from .replay import replay

    return replay(load(args.config), args.file, args.profile, args.neutral_from, with_neutral, args.speed)


def _analyse(args: argparse.Namespace) -> int:
    from calibration.neutral import with_neutral

    from .config import load
    from .offline import analyse

    return analyse(
        load(args.config),
        args.file,
        args.profile,
        args.neutral_from,
        with_neutral,
        as_json=args.json,
        as_configured=args.as_configured,
    )


def _export(args: argparse.Namespace) -> int:
    from .offline import export

    return export(args.file, args.csv)


def _calibrate(args: argparse.Namespace) -> int:
    from .app import calibrate
    from .config import load

    return calibrate(load(args.config), args.plan)


def _buzz(args: argparse.Namespace) -> int:
    from .app import buzz
    from .config import load

    return buzz(load(args.config), args.pattern)


def _doctor(args: argparse.Namespace) -> int:
    import json

    from .config import load
    from .doctor.finding import as_json, as_text, exit_status
    from .doctor.walk import examine

    findings = examine(load(args.config))
    print(json.dumps(as_json(findings), indent=2) if args.json else as_text(findings))
    return exit_status(findings)


def _dashboard(args: argparse.Namespace) -> int:
    from .config import load
    from .page import serve

    return serve(load(args.config), args.port)


def _ingest(args: argparse.Namespace) -> int:
    from .config import load
    from .page import ingest

    return ingest(load(args.config), args.group, args.id)


def _migrate(args: argparse.Namespace) -> int:
    from .config import load
    from .page import migrate

    return migrate(load(args.config))


if __name__ == "__main__":
    sys.exit(main())
