"""The commands of ``fairground`` and their options. An older Python than they need can read this file."""

from __future__ import annotations

import argparse
from pathlib import Path

MOST_WORKERS = 64


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = argparse.ArgumentParser(prog="fairground", description="Run a festival, its trade fair and its contest.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="load the demo festival and serve it")
    demo.add_argument("--reset", action="store_true", help="begin again with fresh data")
    demo.add_argument("--no-serve", action="store_true", help="load the data and print the links only")
    serve = commands.add_parser("serve", help="serve an installation")
    for command in (demo, serve):
        command.add_argument("--host", type=_host, default="127.0.0.1", help="address to listen on (127.0.0.1)")
        command.add_argument("--port", type=_port, default=8000, help="port to listen on (8000)")
        command.add_argument("--workers", type=_workers, default=None, help="processes (1 on SQLite, 2 on PostgreSQL)")
    commands.add_parser("worker", help="run background jobs beside the web processes")
    commands.add_parser("migrate", help="bring the database to the newest state")
    commands.add_parser("assets", help="build the front end (scanner, tablet, plan editor)")

    commands.add_parser("doctor", help="say what is wrong with this set-up, and change nothing")
    keys = commands.add_parser("keys", help="the keys that sign passes and results")
    keys_do = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    keys_do.add_parser("list", help="show all of them")
    for action, does in (
        ("rotate", "let the next key sign; what this one signed stays valid"),
        ("leaked", "let nothing that this key signed count any more, and issue its passes again"),
    ):
        keys_do.add_parser(action, help=does).add_argument("key", type=int, help="its number in the list")
    again = keys_do.add_parser(
        "reseal", help="seal every secret anew under the present KEY_ENCRYPTION_KEY, all or none"
    )
    again.add_argument("--leave-unknown", action="store_true", help="leave what no key opens as it is, and do the rest")
    backup = commands.add_parser("backup", help="write everything into one file, while the service runs")
    backup.add_argument("file", type=Path, help="the file to write, such as fairground.zip")
    backup.add_argument("--keys", type=Path, help="write what opens it here: secret and signing keys, to be kept apart")
    backup.add_argument("--no-media", action="store_true", help="leave photos and uploads out")
    restore = commands.add_parser("restore", help="load a backup into an empty database, of either engine")
    restore.add_argument("file", type=Path, help="what `fairground backup` wrote")
    restore.add_argument("--keys", type=Path, help="the key file that was written with it")
    restore.add_argument("--without-keys", action="store_true", help="go on without: links and sign-ins end")

    load = commands.add_parser("import", help="load a sheet as the upload page does")
    load.add_argument("kind", help="halls, organisations, applications, products, ticket_types, attendees, …")
    load.add_argument("file", type=Path, help="an XLSX, XLS, ODS or CSV file")
    load.add_argument("--check", action="store_true", help="say what would be loaded, and write nothing")
    load.add_argument("--worksheet", help="name of the worksheet, where several of the file fit")
    load.add_argument("--edition", help="short name of the edition; not needed when there is one")

    admin = commands.add_parser("admin", help="people who run the installation")
    actions = admin.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make an organiser of every edition and print her sign-in link")
    create.add_argument("--name", required=True, help="full name, given name last")
    create.add_argument("--email", help="mail address")
    create.add_argument("--phone", help="phone number")
    reset = actions.add_parser("reset-totp", help="take two-step sign-in off somebody who is locked out")
    reset.add_argument("--email", help="mail address")
    reset.add_argument("--phone", help="phone number")
    sessions = commands.add_parser("sessions", help="signed-in browsers")
    sessions_do = sessions.add_subparsers(dest="action", required=True, metavar="ACTION")
    end = sessions_do.add_parser("end", help="sign somebody, or everybody, out everywhere; bound devices go on")
    whom = end.add_mutually_exclusive_group(required=True)
    whom.add_argument("--email", help="mail address")
    whom.add_argument("--phone", help="phone number")
    whom.add_argument("--all", action="store_true", help="everybody, as after a leak")
    return parser


def _host(text: str) -> str:
    """Raises what argparse says; the system would take an empty one for every address."""
    if not text.strip():
        raise argparse.ArgumentTypeError("an address is needed; 0.0.0.0 stands for all")
    return text


def _workers(text: str) -> int:
    """Raises what argparse says in a sentence of its own."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text} is no number of processes from 1 to {MOST_WORKERS}")
    return int(text)


def _port(text: str) -> int:
    """Raises what argparse says in a sentence of its own."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports are numbers from 1 to 65535")
    return int(text)
