"""`plumbline broker` and `plumbline install`: setting up a machine, told in plain lines."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shutil
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from .arguments import port
from .errors import ConfigError

PORT = 8883


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add both commands to the parser of `plumbline`; nothing is imported for it."""
    broker = commands.add_parser(
        "broker", help="prepare a broker with TLS and passwords, admit devices, run it"
    )
    broker.add_argument("--folder", type=Path, help="where it is kept (default: broker in Plumbline's own)")
    actions = broker.add_subparsers(dest="action", required=True, metavar="ACTION")
    prepare = actions.add_parser("prepare", help="make or renew certificates and configuration")
    prepare.add_argument("hosts", nargs="+", metavar="HOST", help="name or address under which it is reached")
    prepare.add_argument("--port", type=port, default=PORT, help=f"port for TLS ({PORT})")
    prepare.add_argument("--local-port", type=port, default=0, help="port on loopback without TLS (none)")
    admit = actions.add_parser("admit", help="let a device or a reader in, or give it a new password")
    admit.add_argument("name", help="the device's name of plumbline.toml, or a name for the reader")
    admit.add_argument("--as", dest="role", choices=("device", "reader", "home_assistant"), default="device")
    admit.add_argument(
        "--only", nargs="+", default=[], metavar="DEVICE", help="devices that a reader sees (all)"
    )
    admit.add_argument(
        "--read-only", action="store_true", help="a reader that may not ask devices for anything"
    )
    send_away = actions.add_parser("send-away", help="let somebody in no longer")
    send_away.add_argument("name")
    actions.add_parser("list", help="who is admitted")
    actions.add_parser("run", help="run it until Ctrl-C")
    broker.set_defaults(run=run_broker)

    install = commands.add_parser("install", help="write, check or remove the systemd services")
    install.add_argument(
        "services", nargs="*", metavar="SERVICE", help="monitor, dashboard, broker (monitor)"
    )
    install.add_argument("--config", type=Path, metavar="FILE", help="plumbline.toml to read")
    install.add_argument("--user", help="whom they run as (whoever called sudo)")
    install.add_argument("--broker-folder", type=Path, help="folder of a prepared broker")
    what = install.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="tell what is installed")
    what.add_argument("--remove", action="store_true", help="stop and remove services; data stays")
    install.set_defaults(run=run_install)


def run_broker(args: Namespace) -> int:
    """`plumbline broker`."""
    from .config import BROKER_FOLDER, default_data_home
    from .links import mosquitto
    from .links.certificates import fingerprint

    folder: Path = args.folder or default_data_home() / BROKER_FOLDER
    if args.action == "prepare":
        mosquitto.prepare(folder, args.hosts, port=args.port, local_port=args.local_port)
        authority = folder / "tls/ca.crt"
        _say(f"Prepared in {folder}. Next: plumbline broker admit NAME; plumbline broker run")
        _say(f"Give every device and reader {authority}")
        _say(f"Its fingerprint: {fingerprint(authority)}")
    elif args.action == "admit":
        member = mosquitto.Member(args.name, args.role, tuple(args.only), may_ask=not args.read_only)
        password = mosquitto.admit(folder, member)
        _say(f"{args.name} is admitted. Its password: {password}; take that file there, and delete it here.")
        _say(f'[mqtt] username = "{args.name}", password_file = …, ca_file = … (of plumbline.toml)')
    elif args.action == "send-away":
        mosquitto.send_away(folder, args.name)
        _say(f"{args.name} is let in no longer.")
    elif args.action == "list":
        for member in mosquitto.members(folder):
            sees = ", ".join(member.devices) or "all devices"
            asks = "may ask" if member.may_ask else "may not ask"
            words = "writes as itself" if member.role == "device" else f"sees {sees}, {asks}"
            _say(f"{member.name}: {member.role.replace('_', ' ')}, {words}")
    else:
        return _run(folder)
    return 0


def _run(folder: Path) -> int:
    from .links import mosquitto

    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    broker = mosquitto.start(folder)
    _say(f"The broker listens on port {broker.port}, with TLS. Ctrl-C stops.")
    asked.wait()
    broker.stop()
    return 0


def run_install(args: Namespace) -> int:
    """`plumbline install`."""
    from .config import BROKER_FOLDER, default_data_home, load
    from .install import check, install, remove
    from .links.broker import find_mosquitto
    from .units import UNITS, Place

    chosen = args.services or ["monitor"]
    names = {"monitor": "plumbline.service"} | {
        short: f"plumbline-{short}.service" for short in ("dashboard", "broker")
    }
    unknown = sorted(set(chosen) - set(names))
    if unknown:
        raise ConfigError(f"there is no service {unknown[0]!r}; there are {', '.join(names)}")
    if args.remove:
        gone = remove([names[short] for short in chosen] if args.services else tuple(UNITS))
        _say("\n".join(f"removed {path}" for path in gone) or "nothing was installed")
        return 0
    config = _found(args.config)
    user = args.user or os.environ.get("SUDO_USER") or getpass.getuser()
    _be_at_home_as(user)
    place = Place(
        user=user,
        program=Path(shutil.which(sys.argv[0]) or sys.argv[0]).resolve(),
        config=config,
        data=load(config).data_folder().resolve(),
        mosquitto=Path(find_mosquitto() or "/usr/sbin/mosquitto"),
        broker=(args.broker_folder or default_data_home() / BROKER_FOLDER).resolve(),
    )
    if args.check:
        found = check(place)
        _say("\n".join(f"{name}: {words}" for name, words in found.items()))
        return 0 if all(words in ("installed", "not installed") for words in found.values()) else 1
    for path in install(place, [names[short] for short in chosen]):
        _say(f"wrote {path}; it runs now and at every boot. Its words: journalctl -u {path.stem}")
    return 0


def _be_at_home_as(user: str) -> None:
    """Let `~` and the default folders be those of whom the services run as, not of root behind sudo."""
    with contextlib.suppress(KeyError):  # a user that does not exist is told of later, with what to do
        home = pwd.getpwnam(user).pw_dir
        if home != str(Path.home()):
            os.environ["HOME"] = home
            os.environ.pop("XDG_DATA_HOME", None)


def _found(wished: Path | None) -> Path:
    """The configuration as an absolute path: a service has no current folder."""
    for path in [wished] if wished else [Path("plumbline.toml"), Path("/etc/plumbline/plumbline.toml")]:
        if path.is_file():
            return path.resolve()
    raise ConfigError(
        "a service needs its configuration by name: copy plumbline.example.toml to plumbline.toml, or name"
        " one with --config"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
