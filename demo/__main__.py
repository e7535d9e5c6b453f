"""``python -m demo run|check``: behind ``make demo`` and ``make demo-check``."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from demo.installation import ROOT, SHOP, Installation, Ports
from demo.people import PASSWORD, People, settle_in
from demo.story import StepFailed, Story
from launch.children import StartError

FOLDER = ROOT / ".demo"


@click.group()
def main() -> None:
    """The demo."""
    for name in [name for name in os.environ if name.startswith("CROSSDOCK_")]:
        del os.environ[name]
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)


@main.command()
@click.option("--port", default=8000, show_default=True, help="Crossdock's port; the simulators take the next three.")
def run(port: int) -> None:
    """Start everything, tell the story up to the first order, print where things are; Ctrl-C stops all."""
    begun = time.monotonic()
    try:
        installation = Installation(FOLDER, Ports.from_first(port))
        signal.signal(signal.SIGTERM, _end)
        click.echo("Starting PostgreSQL, Redis, Crossdock and the simulators…")
        try:
            installation.start()
            people = settle_in()
            installation.wait_until_ready()
            _write_env(installation, people)
            story = Story(installation, people)
            for step in (story.install, story.upload, story.save_card, story.import_products, story.buy):
                click.echo(f"  {step()}")
            click.echo(_table(installation, people, time.monotonic() - begun))
            installation.supervisor.run()
        finally:
            installation.stop()
    except (StartError, StepFailed) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("Stopped.")


@main.command()
def check() -> None:
    """Drive the whole loop once on free ports, check the books, stop everything. Ends with 0 if all held."""
    failed = False
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crossdock-check-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        installation = Installation(folder, Ports.free())
        signal.signal(signal.SIGTERM, _end)
        try:
            if not _step("start", lambda: _start(installation)):
                sys.exit(1)
            people = settle_in()
            _write_env(installation, people)
            story = Story(installation, people)
            for step in (
                story.install, story.upload, story.save_card, story.import_products, story.buy, story.acknowledge,
                story.ship, story.sell_out, story.deliver, story.pay_out, story.check_books,
            ):  # fmt: skip
                if not _step(step.__name__, step):
                    failed = True
                    break
        finally:
            installation.stop()
    click.echo(f"{'FAIL' if failed else 'ok'} in {time.monotonic() - begun:.1f} s")
    sys.exit(1 if failed else 0)


@main.command()
def screenshots() -> None:
    """Picture every page of the demo, desktop and phone, into docs/screenshots/."""
    from demo.screenshots import picture_everything

    with tempfile.TemporaryDirectory(prefix="crossdock-pictures-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        installation = Installation(folder, Ports.free())
        try:
            installation.start()
            people = settle_in()
            installation.wait_until_ready()
            story = Story(installation, people)
            for step in (story.install, story.upload, story.save_card, story.import_products, story.buy,
                         story.acknowledge, story.ship):  # fmt: skip
                click.echo(f"  {step()}")
            pictures = picture_everything(installation, people, story)
        except (StartError, StepFailed, RuntimeError) as error:
            raise click.ClickException(str(error)) from error
        finally:
            installation.stop()
    for one in pictures.wrong:
        click.echo(f"wrong: {one}")
    click.echo(f"{pictures.count} pictures in docs/screenshots/")
    sys.exit(1 if pictures.wrong else 0)


def _start(installation: Installation) -> str:
    installation.start()
    installation.wait_until_ready()
    return "everything answers"


def _step(name: str, do: Callable[[], str]) -> bool:
    begun = time.monotonic()
    try:
        said, held = do(), True
    except (StepFailed, StartError) as error:
        said, held = str(error), False
    mark = "ok  " if held else "FAIL"
    click.echo(f"{mark} {name.replace('_', ' '):<16} {time.monotonic() - begun:6.1f} s  {said}")
    return held


def _write_env(installation: Installation, people: People) -> None:
    installation.write_env(
        {
            "RETAILER_API_KEY": people.retailer.key,
            "SUPPLIER_API_KEY": people.nordlicht.key,
            "SUPPLIER2_API_KEY": people.kanto.key,
            "ADMIN_API_KEY": people.admin.key,
            "RETAILER_EMAIL": people.retailer.email,
            "SUPPLIER_EMAIL": people.nordlicht.email,
            "ADMIN_EMAIL": people.admin.email,
            "PASSWORD": PASSWORD,
        }
    )


def _table(installation: Installation, people: People, seconds: float) -> str:
    handle = SHOP.removesuffix(".myshopify.com")
    rows = [
        ("Retailer in Shopify", f"{installation.shopify_url}/store/{handle}/apps/crossdock", "(no sign-in)"),
        ("The shop front", f"{installation.shopify_url}/shop/{SHOP}", "(no sign-in)"),
        ("Retailer, standalone", f"{installation.url}/app", people.retailer.email),
        ("Supplier Nordlicht", f"{installation.url}/supplier", people.nordlicht.email),
        ("Supplier Kanto", f"{installation.url}/supplier", people.kanto.email),
        ("Console", f"{installation.url}/console", people.admin.email),
        ("Mailbox", f"{installation.url}/dev/mailbox", "(no sign-in)"),
        ("API reference", f"{installation.url}/api/docs", "keys are in .demo/env"),
        ("Stripe's money", installation.stripe_url, "(no sign-in)"),
    ]
    width, wide = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
    lines = [f"  {name:<{width}}  {address:<{wide}}  {who}" for name, address, who in rows]
    return "\n".join(
        [
            "",
            f"Ready after {seconds:.0f} s. Every sign-in has the password: {PASSWORD}",
            "",
            *lines,
            "",
            "Ctrl-C stops all.",
        ]
    )


def _end(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
