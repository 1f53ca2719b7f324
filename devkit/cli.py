"""The commands of `./dev`, and what happens when one ends badly."""

from __future__ import annotations

import argparse
import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.plan import PARTS

from . import process
from .console import Failure, say
from .paths import cache_root

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command != "test":
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        cache_root().mkdir(parents=True, exist_ok=True)
        return COMMANDS[options.command](options, rest)
    except Failure as failure:
        say(f"dev: {failure}")
    except KeyboardInterrupt:
        say("dev: stopped.")
        return 130
    except OSError as error:
        if not _is_about_the_disk(error):
            raise
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        say(f"dev: {reason}: {error.filename or cache_root()}. Make room or set XDG_CACHE_HOME to another folder.")
    finally:
        process.stop_all()
    return 2


def _is_about_the_disk(error: OSError) -> bool:
    """Whether the cache cannot be written; anything else is a mistake of ours and worth a traceback."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return True
    return error.errno in (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR) and not (
        cache_root().is_dir() and os.access(cache_root(), os.W_OK)
    )


def _interrupt(*_: Any) -> None:
    """End as Ctrl-C does, so that everything is stopped and tidied up. Once is enough."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="dev", description="Set up, run and test this Odoo add-on.", epilog=SETTINGS)
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    run = commands.add_parser("run", help="set up, run the main job on the demo data, print its bills, serve Odoo")
    run.add_argument("--once", action="store_true", help="stop before serving; exit status 0 only if bills were made")
    shell = commands.add_parser("shell", help="an Odoo shell on the demo database; a script may come by standard input")
    shell.add_argument("-d", dest="database", help="another database")
    test = commands.add_parser(
        "test", help="the whole suite, or what the pytest arguments choose", usage="dev test [pytest arguments]"
    )
    test.add_argument("--odoo-core", action="store_true", help="Odoo's own tests instead, with and without the add-on")
    test.add_argument("--output", type=Path, help="with --odoo-core: where to write logs and results")
    test.add_argument(
        "--modules", help="with --odoo-core: of which of its modules, with commas; default: all that we touch"
    )
    lint = commands.add_parser("lint", help="ruff and pylint-odoo")
    lint.add_argument("checks", nargs="*", metavar="check", help="only some of: ruff, format, pylint, xml")
    bench = commands.add_parser("bench", help="measure this add-on beside Odoo alone and OCA's commissions")
    bench.add_argument("parts", nargs="*", metavar="part", help=f"only some of: {', '.join(PARTS)}")
    bench.add_argument("-n", dest="sizes", type=int, action="append", help="invoices; again for more than one size")
    bench.add_argument("--quick", action="store_true", help="the smallest size only")
    bench.add_argument("--statements", action="store_true", help="also list the statements sent beyond Odoo alone")
    bench.add_argument("--output", type=Path, help="folder for the results (benchmarks/results)")
    commands.add_parser("pictures", help="take the pictures of README anew, from a fresh demo database")
    commands.add_parser("i18n", help="bring the translation files up to the code, and list what is not translated")
    reset = commands.add_parser("reset", help="drop the databases of this checkout")
    reset.add_argument("--all", action="store_true", help="remove everything that was set up, the cache too")
    return top


SETTINGS = (
    "Environment: ODOO_SOURCE, a checkout of Odoo 19 to use instead of Debian's package; PGHOST, PGPORT, PGUSER, "
    "PGPASSWORD, a PostgreSQL server to use instead of a private one; XDG_CACHE_HOME, where everything is kept."
)


def _run(options: argparse.Namespace, _: list[str]) -> int:
    from . import run

    return run.main(once=options.once)


def _lint(options: argparse.Namespace, _: list[str]) -> int:
    from . import lint

    return lint.main(options.checks)


def _bench(options: argparse.Namespace, _: list[str]) -> int:
    from . import bench

    return bench.main(options)


def _pictures(_: argparse.Namespace, __: list[str]) -> int:
    from . import pictures

    return pictures.main()


def _i18n(_: argparse.Namespace, __: list[str]) -> int:
    from . import i18n

    return i18n.main()


def _reset(options: argparse.Namespace, _: list[str]) -> int:
    from . import reset

    return reset.main(everything=options.all)


def _shell(options: argparse.Namespace, _: list[str]) -> int:
    from . import shell

    return shell.main(options.database)


def _test(options: argparse.Namespace, rest: list[str]) -> int:
    if options.odoo_core:
        from . import odoo_core

        modules = tuple(options.modules.split(",")) if options.modules else odoo_core.MODULES
        return odoo_core.main(options.output and options.output.absolute(), modules)
    from . import testing

    return testing.main(rest)


COMMANDS: dict[str, Callable[[argparse.Namespace, list[str]], int]] = {
    "run": _run,
    "test": _test,
    "shell": _shell,
    "bench": _bench,
    "lint": _lint,
    "pictures": _pictures,
    "i18n": _i18n,
    "reset": _reset,
}
