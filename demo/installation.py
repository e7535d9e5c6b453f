"""A whole installation for the demo: servers, simulators, Crossdock's processes, and who can sign in."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from app import config, db
from app.adapters.processors.stripe.hooks import PLATFORM_EVENTS
from launch import postgres
from launch.children import StartError, free_port, port_taken
from launch.cli import run_migrations
from launch.processes import Servers, background, ensure_servers, web
from launch.supervisor import Process, Supervisor

ROOT = Path(__file__).parents[1]
SHOP = "northwind.myshopify.com"
CLIENT_ID, CLIENT_SECRET = "crossdock-demo", "shopify-demo-secret"
STRIPE_KEY, STRIPE_HOOK_SECRET = "sk_test_crossdock", "whsec_demo"
#: On a machine that is busy with other work a start takes minutes.
_START_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens."""

    web: int
    shopify: int
    stripe: int
    carrier: int

    @classmethod
    def from_first(cls, first: int) -> Ports:
        """Four in a row. Raises ``StartError`` for one that is taken."""
        ports = cls(first, first + 1, first + 2, first + 3)
        for port in (ports.web, ports.shopify, ports.stripe, ports.carrier):
            if port_taken(port):
                raise StartError(f"Port {port} is taken by another program. Choose others: make demo DEMO_PORT=8100")
        return ports

    @classmethod
    def free(cls) -> Ports:
        """Four that nobody listens on."""
        return cls(*(free_port() for _ in range(4)))


@dataclass(slots=True)
class Installation:
    """The demo's processes. ``folder`` holds its data, logs and process ids; each start begins anew."""

    folder: Path
    ports: Ports
    #: More arguments of the simulated Shopify.
    shopify_options: Sequence[str] = ()
    #: Settings of Crossdock's processes that stand before the demo's.
    settings: Mapping[str, str] = field(default_factory=dict)
    supervisor: Supervisor = field(init=False)
    _servers: Servers | None = None

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.folder / "pids")

    @property
    def url(self) -> str:
        """Crossdock."""
        return f"http://127.0.0.1:{self.ports.web}"

    @property
    def shopify_url(self) -> str:
        """The simulated Shopify, as browsers reach it: another site than Crossdock's."""
        return f"http://localhost:{self.ports.shopify}"

    @property
    def stripe_url(self) -> str:
        """The simulated Stripe."""
        return f"http://127.0.0.1:{self.ports.stripe}"

    @property
    def carrier_url(self) -> str:
        """The simulated carrier."""
        return f"http://127.0.0.1:{self.ports.carrier}"

    @property
    def servers(self) -> Servers:
        """PostgreSQL and Redis."""
        assert self._servers is not None
        return self._servers

    def start(self) -> None:
        """Start everything but wait for nothing that is not needed; the tables are there afterwards."""
        self._forget_the_last()
        os.environ.update({**self._settings(), **self.settings})
        config.reload()
        for simulator in self._simulators():
            self.supervisor.start(simulator)
        self._servers = ensure_servers(self.folder / "data")
        run_migrations(self._servers.database_url)
        db.use(db.make_engine(self._servers.database_url))
        env = dict(os.environ)
        logs = self.folder / "logs"
        self.supervisor.start(web(self.ports.web, env, logs / "web.log"))
        for process in background(env, logs):
            self.supervisor.start(process)

    def wait_until_ready(self) -> None:
        """Wait until every part answers. Raises ``StartError`` with the log of one that does not."""
        places = {
            "shopify": f"{self.shopify_url}/_sim/health",
            "stripe": f"{self.stripe_url}/_sim/health",
            "carrier": f"{self.carrier_url}/_sim/health",
            "web": f"{self.url}/readyz",
        }
        deadline = time.monotonic() + _START_SECONDS
        for name, address in places.items():
            while not _answers(address):
                self.supervisor.look_after()
                if time.monotonic() > deadline:
                    log = self.folder / "logs" / f"{name}.log"
                    tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
                    raise StartError(f"{name} does not answer at {address}. Its log says:\n{tail}")
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop everything."""
        self.supervisor.stop()
        if self._servers is not None:
            self._servers.stop()

    def write_env(self, values: Mapping[str, str]) -> None:
        """``env`` in the folder, in shell syntax, for whoever wants to look behind the pages."""
        lines = {
            "CROSSDOCK_URL": self.url,
            "SHOPIFY_SIM_URL": self.shopify_url,
            "STRIPE_SIM_URL": self.stripe_url,
            "CARRIER_SIM_URL": self.carrier_url,
            "MAILBOX_URL": f"{self.url}/dev/mailbox",
            "SHOP": SHOP,
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "PIDFILES": str((self.folder / "pids").absolute()),
            **values,
        }
        text = "".join(f"{name}='{value}'\n" for name, value in lines.items())
        waiting = self.folder / "env.new"
        waiting.touch(mode=0o600)
        waiting.write_text(text)
        waiting.replace(self.folder / "env")

    def _forget_the_last(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        running = next((self.folder / "pids").glob("web.pid"), None)
        if running is not None and _is_running(running):
            raise StartError(f"The demo runs already (process {running.read_text().strip()}). Stop it first.")
        postgres.remove(self.folder / "data")
        for name in ("data", "logs", "pids"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _settings(self) -> dict[str, str]:
        return {
            "CROSSDOCK_ENVIRONMENT": "development",
            "CROSSDOCK_LOG_LEVEL": "WARNING",
            "CROSSDOCK_PUBLIC_URL": self.url,
            "CROSSDOCK_DATA_DIR": str((self.folder / "data").absolute()),
            "CROSSDOCK_SHOPIFY_CLIENT_ID": CLIENT_ID,
            "CROSSDOCK_SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
            "CROSSDOCK_SHOPIFY_ADMIN_URL": f"http://127.0.0.1:{self.ports.shopify}/{{shop}}",
            "CROSSDOCK_SHOPIFY_ADMIN_ORIGIN": self.shopify_url,
            "CROSSDOCK_SHOPIFY_CDN_URL": f"{self.shopify_url}/cdn",
            "CROSSDOCK_STRIPE_SECRET_KEY": STRIPE_KEY,
            "CROSSDOCK_STRIPE_API_URL": self.stripe_url,
            "CROSSDOCK_STRIPE_WEBHOOK_SECRETS": STRIPE_HOOK_SECRET,
            "CROSSDOCK_SIMULATED_CARRIER_URL": self.carrier_url,
            # What takes days outside takes seconds here.
            "CROSSDOCK_DISPUTE_WINDOW": "PT5S",
            # The demo's pictures lie here, with us.
            "CROSSDOCK_OUTBOUND_ALLOWED_HOSTS": f"127.0.0.1:{self.ports.web}",
            "CROSSDOCK_MEDIA_STORAGE": "folder",
            "CROSSDOCK_TRACKING_POLL": "PT2S",
            # What is bought in the demo's shops is sent while one looks.
            "CROSSDOCK_FRAUD_WINDOW_MINUTES": "0",
            "CROSSDOCK_API_RATE_PER_MINUTE": "6000",
        }

    def _simulators(self) -> list[Process]:
        hook = f"{self.url}/api/webhooks/stripe={STRIPE_HOOK_SECRET}"
        shopify = [
            "--port", str(self.ports.shopify), "--app-url", self.url, "--app-config", str(ROOT / "shopify.app.toml"),
            "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET, "--public-url", self.shopify_url,
            "--shop", f"{SHOP}:Northwind Home:USD:US", *self.shopify_options,
        ]  # fmt: skip
        stripe = [
            "--port", str(self.ports.stripe), "--secret-key", STRIPE_KEY, "--bypass-pending",
            "--endpoint", f"platform={hook}", "--endpoint", f"connect={hook}", "--endpoint", f"thin={hook}",
            "--enabled-events", ",".join(PLATFORM_EVENTS),
        ]  # fmt: skip
        carrier = ["--port", str(self.ports.carrier)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return [
            Process(
                name,
                [sys.executable, "-m", f"tests.simulators.{name}", *arguments],
                env,
                self.folder / "logs" / f"{name}.log",
            )
            for name, arguments in (("shopify", shopify), ("stripe", stripe), ("carrier", carrier))
        ]


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


def _is_running(file: Path) -> bool:
    from launch.children import is_alive

    try:
        return is_alive(int(file.read_text()))
    except ValueError:
        return False
