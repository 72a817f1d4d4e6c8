"""`plumbline people`, `password` and `pair`: who may look at a dashboard, at home and of many."""

from __future__ import annotations

import os
import pwd
import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import days

if TYPE_CHECKING:
    from dashboard.settings import Settings
    from dashboard.store import Store

NOBODY = "nobody"


def add_commands(commands: _SubParsersAction[ArgumentParser]) -> None:
    """Add the commands to the parser of `plumbline`; nothing is imported for it."""
    people = commands.add_parser("people", help="accounts, devices and programmes of a dashboard for many")
    people.add_argument("--config", type=Path, metavar="FILE", help="plumbline.toml to read")
    actions = people.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make an account, and the link with which its password is chosen")
    add.add_argument("name", help="to sign in with")
    add.add_argument(
        "--as", dest="role", choices=("wearer", "carer", "owner", "administrator"), default="wearer"
    )
    add.add_argument("--label", default="", help="name that others read (the same)")
    add.add_argument(
        "--home", action="store_true", help="takes over what was recorded before there were accounts"
    )
    invite = actions.add_parser("invite", help="a new link to choose a password, say a forgotten one")
    invite.add_argument("name")
    close = actions.add_parser("close", help="let an account in no longer; what was recorded stays")
    close.add_argument("name")
    actions.add_parser("list", help="every account")
    actions.add_parser("devices", help="every device, and who has it")
    give = actions.add_parser("give", help="give a device to a wearer, from now on")
    give.add_argument("device", help="the device's name of plumbline.toml")
    give.add_argument("name", help=f"the wearer's account, or {NOBODY}")
    programme = actions.add_parser(
        "programme", help="make a programme whose owner sees figures over ten people"
    )
    programme.add_argument("label")
    programme.add_argument("owner", help="account of an owner")
    token = actions.add_parser("metrics-token", help="a token for the figures of the service (Prometheus)")
    token.add_argument("--days", type=days, default=365, help="how long it holds (365)")
    people.set_defaults(run=run_people)

    password = commands.add_parser("password", help="choose the password of a dashboard at home")
    password.add_argument("--config", type=Path, metavar="FILE", help="plumbline.toml to read")
    password.add_argument("--data", type=Path, metavar="FOLDER", help="the dashboard's data folder instead")
    password.set_defaults(run=run_password)

    pair = commands.add_parser("pair", help="sign in a phone by a QR code, once")
    pair.add_argument("--config", type=Path, metavar="FILE", help="plumbline.toml to read")
    pair.add_argument("--name", help="account to sign in, where there are accounts")
    pair.set_defaults(run=run_pair)


def run_people(args: Namespace) -> int:
    """`plumbline people`."""
    from dashboard.people.accounts import Accounts
    from dashboard.visitor import Role

    settings, store = _opened(args.config)
    try:
        accounts = Accounts(store)
        if args.action == "add":
            accounts.add(args.name, Role(args.role), args.label, home=args.home)
            _say(f"Made the account {args.name} ({args.role}).")
            _invite(settings, accounts.invitation(args.name), args.name)
        elif args.action == "invite":
            _invite(settings, accounts.invitation(args.name), args.name)
        elif args.action == "close":
            accounts.close(args.name)
            _say(f"{args.name} is let in no longer. What was recorded stays.")
        elif args.action == "list":
            for one in accounts.all():
                state = "closed" if one.closed_utc_ms else "open" if one.password_hash else "invited"
                _say(f"{one.name}: {one.role}, {state}" + (f", {one.label}" if one.label != one.name else ""))
        elif args.action == "programme":
            _programme(store, args.label, args.owner)
        elif args.action == "metrics-token":
            _metrics_token(store, args.days)
        else:
            _devices(store, args)
    finally:
        store.close()
    return 0


def _invite(settings: Settings, code: str, name: str) -> None:
    from dashboard.links import base_url
    from dashboard.people.codes import LASTS_S, Purpose

    _say(f"{name} chooses a password here, once, within {LASTS_S[Purpose.INVITE] // 86_400} days:")
    _show(f"{base_url(settings)}/join?code={code}")
    if not settings.people:
        _say("Accounts open nothing yet: set people = true under [dashboard] of plumbline.toml.")


def _devices(store: Store, args: Namespace) -> None:
    from dashboard.handover import all_devices, give
    from dashboard.people.accounts import Accounts
    from dashboard.tables import UNCLAIMED

    if args.action == "give":
        wearer_id = UNCLAIMED if args.name == NOBODY else Accounts(store).wearer_named(args.name)
        brought = give(store, args.device, wearer_id)
        so_far = (
            "with what it measured so far" if brought else "from now on; earlier days stay where they are"
        )
        _say(f"{args.device} is {args.name}'s, {so_far}.")
        return
    for one in all_devices(store):
        _say(f"{one.name}: {one.account or NOBODY}" + (", simulated" if one.simulated else ""))


def _programme(store: Store, label: str, owner: str) -> None:
    from dashboard.people import programme
    from dashboard.people.accounts import Accounts
    from dashboard.visitor import Role

    programme.make(store, label, Accounts(store).account_named(owner, Role.OWNER))
    _say(f"Made the programme {label}. {owner} finds its page after signing in.")


def _metrics_token(store: Store, days: int) -> None:
    from dashboard.people.api_tokens import ApiTokens, TokenScope

    token = ApiTokens(store).make("metrics", [TokenScope.METRICS], days, None)
    _say("Shown once; keep it in a file that Prometheus alone reads (authorization.credentials_file):")
    _say(token)


def run_password(args: Namespace) -> int:
    """`plumbline password`: asked for twice, or one line of standard input where that is no terminal."""
    from dashboard.auth import Password

    from .errors import ConfigError

    folder = _data_folder(args)
    if (owner := folder.stat().st_uid) != os.geteuid():  # the dashboard refuses what it cannot read
        raise ConfigError(
            f"{folder} is another user's; choose its password as that one: "
            f"sudo -u {pwd.getpwuid(owner).pw_name} plumbline password --data {folder}"
        )
    password = Password(folder)
    password.set(_asked_twice() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n"))
    _say("The password is set. Whoever was signed in has to sign in again.")
    return 0


def _data_folder(args: Namespace) -> Path:
    from .config import load
    from .errors import ConfigError

    if args.data is not None:
        if not args.data.is_dir():
            raise ConfigError(f"there is no folder {args.data}; a dashboard makes its own at its first start")
        chosen: Path = args.data
        return chosen
    config = load(args.config)
    if config.dashboard.people:
        raise ConfigError(
            "this dashboard has accounts, each with its own password: plumbline people invite NAME"
        )
    return config.data_folder()


def _asked_twice() -> str:
    from getpass import getpass

    from .errors import ConfigError

    first = getpass("New password for the dashboard: ")
    if getpass("Once more: ") != first:
        raise ConfigError("the two differ; nothing was changed")
    return first


def run_pair(args: Namespace) -> int:
    """`plumbline pair`."""
    from dashboard.auth import Password
    from dashboard.links import base_url, only_this_machine
    from dashboard.people import codes
    from dashboard.people.accounts import Accounts
    from dashboard.people.codes import LASTS_S, Purpose

    from .errors import ConfigError

    settings, store = _opened(args.config)
    try:
        if settings.people:
            if not args.name:
                raise ConfigError("this dashboard has accounts: name the one to sign in with --name")
            opens: dict[str, int | str] = {"account_id": Accounts(store).account_named(args.name)}
        else:
            password = Password(settings.data_folder)
            if not password.is_set:
                raise ConfigError(
                    "without a password nobody has to sign in, and no phone can; first set one: "
                    "plumbline password"
                )
            opens = {"lock": password.lock}
        with store.at_the_door(writes=True) as connection:
            code = codes.make(connection, Purpose.PAIR, **opens)
    finally:
        store.close()
    link = f"{base_url(settings)}/pair?code={code}"
    _say(f"Point the phone's camera at this; good once, within {LASTS_S[Purpose.PAIR] // 60} minutes.")
    _show(link)
    if only_this_machine(link):
        _say("This address opens on this machine only: set host under [dashboard] of plumbline.toml.")
    return 0


def _opened(path: Path | None) -> tuple[Settings, Store]:
    from dashboard.store import Store

    from .config import load
    from .page import settings_of

    settings = settings_of(load(path))
    return settings, Store(settings.database_url)


def _show(link: str) -> None:
    from dashboard.links import qr_terminal

    if sys.stdout.isatty():
        _say(qr_terminal(link))
    _say(link)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
