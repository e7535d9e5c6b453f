"""The command line: ``crossdock <command>``."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson
from alembic import command as alembic_command
from alembic.config import Config as AlembicConfig

from app import config, db, log
from app.config import SettingsRefused, settings
from launch.children import StartError, port_taken
from launch.privileges import refuse_privileged_login
from launch.processes import background, ensure_servers, web
from launch.supervisor import Supervisor
from workers.job import QUEUES

ROOT = Path(__file__).parents[1]

View = TypeVar("View", bound=Callable[..., Any])


def with_servers(view: View) -> Callable[..., Any]:
    """Run a command with its servers there, and stop those it started when it ends."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            servers = ensure_servers()
            try:
                return view(*args, **kwargs)
            finally:
                servers.stop()
        except (SettingsRefused, StartError) as error:
            raise click.ClickException(str(error)) from error

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Crossdock, a dropshipping network that people run themselves."""


@main.command()
@with_servers
def migrate() -> None:
    """Bring the database's tables up to date."""
    run_migrations(settings().database_url)


def run_migrations(url: str) -> None:
    """Apply the migrations that are missing."""
    configuration = AlembicConfig(str(ROOT / "alembic.ini"))
    configuration.set_main_option("script_location", str(ROOT / "migrations"))
    configuration.attributes["url"] = url
    alembic_command.upgrade(configuration, "head")


@main.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--web-workers", default=2, show_default=True)
def run(port: int, host: str, web_workers: int) -> None:
    """Run everything: web, workers, relay and clock, until Ctrl-C."""
    if port_taken(port, host):
        raise click.ClickException(f"Port {port} is taken by another program. Choose another one with --port.")
    _run_everything(port, host, web_workers)


@with_servers
def _run_everything(port: int, host: str, web_workers: int) -> None:
    refuse_privileged_login()
    run_migrations(settings().database_url)
    supervisor = Supervisor(settings().data_dir / "pids")
    env = dict(os.environ)
    supervisor.start(web(port, env, workers=web_workers, host=host))
    for process in background(env):
        supervisor.start(process)
    click.echo(f"Crossdock is at http://{host}:{port} (Ctrl-C stops it)")
    supervisor.run()


@main.command("demo-data")
@click.option("--scale", type=click.IntRange(1, 2_000_000), default=None, help="Variants; about 9,000 if left out.")
@click.option("--seed", default=1, show_default=True, help="Another seed makes other products.")
@click.option("--days", type=click.IntRange(0, 90), default=30, show_default=True, help="How long shops have sold.")
@click.option("--beside-others", is_flag=True, help="Also on an installation that is in use.")
@with_servers
def demo_data(scale: int | None, seed: int, days: int, beside_others: bool) -> None:
    """Fill an empty installation with made-up suppliers, products, retailers and orders."""
    # The generator stands beside the demo, which an installed package does not have.
    try:
        from demo.data import launch
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "demo":
            raise
        raise click.ClickException("Demo data comes with the repository, not with the installed package.") from error

    log.configure("WARNING")
    run_migrations(settings().database_url)
    try:
        made = launch.make(
            seed=seed,
            variants=scale or launch.LAUNCH,
            days=days,
            beside_others=beside_others,
            told=lambda text: click.echo(text, err=True),
        )
    except launch.NotEmpty as error:
        raise click.ClickException(
            "This installation is in use: nothing was made. --beside-others makes demo data all the same."
        ) from error
    if not made.suppliers:
        click.echo("The demo data is there already: nothing was made.")
        return
    click.echo(f"{made.suppliers} suppliers with {made.products:,} products and {made.variants:,} variants were made.")
    if made.orders:
        click.echo(f"{made.retailers} retailers placed {made.orders} orders in {days} days.")


@main.command()
@click.argument("queue", type=click.Choice(QUEUES))
@with_servers
def worker(queue: Any) -> None:
    """Work on one queue."""
    from workers.worker import run_for_ever

    log.configure(settings().log_level)
    refuse_privileged_login()
    run_for_ever(queue, settings().redis_url)


@main.command()
@with_servers
def relay() -> None:
    """Hand facts and hooks to the workers."""
    from workers.relay import run_for_ever
    from workers.worker import connect

    log.configure(settings().log_level)
    refuse_privileged_login()
    _end_on_sigterm()
    run_for_ever(connect(settings().redis_url))


@main.command()
@with_servers
def clock() -> None:
    """Start scheduled jobs at their times."""
    from workers.clock import run_for_ever

    log.configure(settings().log_level)
    refuse_privileged_login()
    _end_on_sigterm()
    run_for_ever()


@main.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@with_servers
def audit_verify() -> None:
    """Recompute every event's hash, every batch's root and the chain; say what does not fit."""
    from app.audit.service import verify

    with db.system_scope(actor="cli"), db.transaction() as session:
        checked, findings = verify(session)
    for finding in findings:
        place = f"seal {finding.seal}" if finding.seal else "unsealed"
        click.echo(f"{finding.organisation_id} {place} {finding.event_id or ''} {finding.problem}")
    click.echo(f"{checked} sealed events checked, {len(findings)} problems")
    if findings:
        sys.exit(1)


@main.group()
def admin() -> None:
    """The platform's administrators."""


@admin.command("create")
@click.argument("email")
@click.option("--name", default="", help="The person's name; else the part of the address before the @.")
@with_servers
def admin_create(email: str, name: str) -> None:
    """Make somebody a platform administrator, and print a link to choose a password where there is none yet."""
    from app.identity.rules import RESET_LIFE
    from app.identity.service import appoint_admin
    from app.kit.errors import AppError

    try:
        with db.system_scope(actor="cli"), db.transaction() as session:
            user, token = appoint_admin(session, email=email, name=name)
            address = user.email
    except AppError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{address} is a platform administrator.")
    public_url = settings().public_url
    if token is None:
        click.echo(f"Sign in with the password that you have: {public_url}/sign-in?next=/console/")
    else:
        minutes = int(RESET_LIFE.total_seconds() // 60)
        click.echo(f"Choose a password within {minutes} minutes: {public_url}/reset/{token}")
        click.echo("If the link has run out, run the command again.")


@main.group()
def keys() -> None:
    """The keys that seal personal data and credentials."""


@keys.command("new")
@click.argument("number", type=int)
def keys_new(number: int) -> None:
    """Print a new key to be added to CROSSDOCK_ENCRYPTION_KEYS."""
    click.echo(f"{number}:{base64.b64encode(secrets.token_bytes(32)).decode()}")


@keys.command("rotate")
@with_servers
def keys_rotate() -> None:
    """Seal again, with the newest key, everything that older keys sealed."""
    from app.privacy.rotation import rotate

    config.reload()
    with db.system_scope(actor="cli"):
        for place, count in rotate():
            click.echo(f"{place}: {count} sealed again")


@main.group()
def rates() -> None:
    """Exchange rates between suppliers' and retailers' currencies."""


@rates.command("set")
@click.argument("base")
@click.argument("quote")
@click.argument("rate")
@with_servers
def rates_set(base: str, quote: str, rate: str) -> None:
    """From now on one BASE is RATE QUOTE, for example: rates set EUR USD 1.0825."""
    from decimal import Decimal, InvalidOperation

    from app.kit.errors import AppError
    from app.pricing.service import set_rate

    try:
        value = Decimal(rate)
    except InvalidOperation as error:
        raise click.ClickException(f"{rate!r} is not a decimal number such as 1.0825.") from error
    base, quote = base.upper(), quote.upper()
    try:
        with db.system_scope(actor="cli"), db.transaction() as session:
            set_rate(session, base=base, quote=quote, rate=value, source="operator")
    except AppError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"1 {base} is {value:f} {quote} from now on. Orders that waited for it go on.")


@rates.command("list")
@with_servers
def rates_list() -> None:
    """Print the newest rate of each pair of currencies, with its time and source."""
    from app.pricing.queries import newest_rates

    with db.system_scope(actor="cli"), db.transaction() as session:
        found = newest_rates(session)
    for row in found:
        click.echo(f"{row.base} {row.quote} {row.rate.normalize():f} {row.as_of:%Y-%m-%d %H:%M} UTC {row.source}")
    if not found:
        click.echo("No rate is known. Set one: crossdock rates set EUR USD 1.0825")


@main.command()
@click.option("--check", is_flag=True, help="Only say whether docs/openapi.json is what the code says.")
def openapi(check: bool) -> None:
    """Write the API's description to docs/openapi.json."""
    from app.factory import create_app
    from app.web.api.reference import described

    app = create_app()
    with app.app_context():
        written = orjson.dumps(described(app), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    file = ROOT / "docs" / "openapi.json"
    if check:
        if not file.exists() or file.read_bytes() != written:
            raise click.ClickException("docs/openapi.json is not what the code says; run `make openapi`")
        return
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(written)


def _end_on_sigterm() -> None:
    def end(_number: int, _frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)


if __name__ == "__main__":
    main()
