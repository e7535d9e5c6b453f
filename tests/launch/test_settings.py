"""What a production start refuses, in one line that names the setting."""

from __future__ import annotations

import base64
import os
import subprocess
import sys

import pytest

from launch.cli import ROOT
from tests.launch.conftest import Launcher

#: Settings that production can start with, but for the servers, which nobody answers at.
PRODUCTION = {
    "CROSSDOCK_ENVIRONMENT": "production",
    "CROSSDOCK_PUBLIC_URL": "https://crossdock.example",
    "CROSSDOCK_SECRET_KEY": "a secret of these tests, longer than is needed",
    "CROSSDOCK_ENCRYPTION_KEYS": "1:" + base64.b64encode(bytes(32)).decode(),
    "CROSSDOCK_MAIL_TRANSPORT": "smtp",
    "CROSSDOCK_SMTP_URL": "smtp://127.0.0.1:9",
    "CROSSDOCK_SHOPIFY_CLIENT_SECRET": "a client secret of these tests",
    "DATABASE_URL": "postgresql://crossdock@127.0.0.1:9/none",
    "REDIS_URL": "redis://127.0.0.1:9/0",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CROSSDOCK_SECRET_KEY", ""),
        ("CROSSDOCK_SECRET_KEY", "too short"),
        ("CROSSDOCK_ENCRYPTION_KEYS", ""),
        ("CROSSDOCK_SHOPIFY_CLIENT_SECRET", ""),
        ("CROSSDOCK_SHOPIFY_CLIENT_SECRET", "shopify-development-secret"),
        ("CROSSDOCK_SHOPIFY_CLIENT_SECRET", "shopify-demo-secret"),
        ("CROSSDOCK_SHOPIFY_OLD_CLIENT_SECRET", "shopify-development-secret"),
        ("CROSSDOCK_STRIPE_WEBHOOK_SECRETS", "whsec_real,whsec_demo"),
        ("CROSSDOCK_MAIL_TRANSPORT", "mailbox"),
        ("CROSSDOCK_PUBLIC_URL", "http://crossdock.example"),
        ("CROSSDOCK_PASSWORD_MEMORY_KIB", "1024"),
        ("DATABASE_URL", ""),
        ("REDIS_URL", ""),
        ("CROSSDOCK_COMMISSION_BPS", "much"),
    ],
)
def test_production_refuses_what_everybody_knows_and_names_the_setting(
    launcher: Launcher, name: str, value: str
) -> None:
    code, _, errors = launcher.run("relay", **{**PRODUCTION, name: value})
    assert code == 1
    assert errors.startswith("Error: ")
    assert len(errors.splitlines()) == 1
    assert name in errors
    for secret in (value, PRODUCTION["CROSSDOCK_ENCRYPTION_KEYS"], PRODUCTION["CROSSDOCK_SECRET_KEY"]):
        assert not secret or secret in ("mailbox", "http://crossdock.example") or secret not in errors


def test_everything_that_is_wrong_is_told_at_once(launcher: Launcher) -> None:
    _, _, errors = launcher.run("relay", CROSSDOCK_ENVIRONMENT="production")
    for name in (
        "CROSSDOCK_SECRET_KEY",
        "CROSSDOCK_ENCRYPTION_KEYS",
        "CROSSDOCK_SHOPIFY_CLIENT_SECRET",
        "CROSSDOCK_MAIL_TRANSPORT",
        "DATABASE_URL",
        "CROSSDOCK_PUBLIC_URL",
    ):
        assert name in errors


def test_the_web_server_ends_with_the_line_too() -> None:
    ended = gunicorn(CROSSDOCK_SHOPIFY_CLIENT_SECRET="")
    assert ended.returncode == 4
    assert "CROSSDOCK_SHOPIFY_CLIENT_SECRET must be set in production" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_processes_and_the_web_server_end_when_their_login_passes_the_policies_by(launcher: Launcher) -> None:
    superusers = os.environ["TEST_DATABASE_URL"]
    code, _, errors = launcher.run("relay", **{**PRODUCTION, "DATABASE_URL": superusers})
    assert code == 1
    assert errors.startswith("Error: DATABASE_URL: its user is a superuser")
    assert len(errors.splitlines()) == 1
    ended = gunicorn(DATABASE_URL=superusers)
    assert ended.returncode == 4
    assert "DATABASE_URL: its user is a superuser" in ended.stderr
    assert "Traceback" not in ended.stderr


def gunicorn(**env: str) -> subprocess.CompletedProcess[str]:
    """The web server with production's settings, awaited."""
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", "launch.wsgi:application", "--bind=127.0.0.1:0", "--no-control-socket"],
        cwd=ROOT,
        env={**PRODUCTION, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
