"""What all tests share: one PostgreSQL and one Valkey for the whole run, a migrated database for each worker
process, and a clean one for each test that commits."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import psycopg2
import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from psycopg2.extensions import parse_dsn
from sqlalchemy.orm import Session

from app import config as app_config
from app import db
from launch import postgres, valkey
from launch.cli import run_migrations
from tests.kept_rows import delete_all
from tests.simulators.process import stop_kept
from tests.stack import Jobs

_TEMPLATE = "crossdock_template"
_STARTED: list[postgres.Postgres | valkey.Valkey] = []
_FOLDER: list[Path] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that controls the run; tests never see the developer's settings."""
    for name in [name for name in os.environ if name.startswith("CROSSDOCK_")]:
        del os.environ[name]
    os.environ["CROSSDOCK_ENVIRONMENT"] = "test"
    # The made-up addresses of most tests' pictures are nobody's; tests of pictures say where they are kept.
    os.environ["CROSSDOCK_MEDIA_STORAGE"] = "none"
    # Tests change the catalogue and keys and look at once.
    os.environ["CROSSDOCK_CATALOG_CACHE_SECONDS"] = "0"
    os.environ["CROSSDOCK_API_KEY_CACHE_SECONDS"] = "0"
    # Thousands of tests sign in; tests of passwords say what hashing them takes.
    os.environ["CROSSDOCK_PASSWORD_MEMORY_KIB"] = "64"
    # Orders go on at once, unless a test is about their wait.
    os.environ["CROSSDOCK_FRAUD_WINDOW_MINUTES"] = "0"
    # What properties promise is nothing about the speed of the machine that looks at them. Explaining a failure traces
    # every line of every example, which takes several times as long.
    phases = [phase for phase in Phase if phase is not Phase.explain]
    settings.register_profile("crossdock", deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=phases)
    settings.load_profile("crossdock")
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder = Path(tempfile.mkdtemp(prefix="crossdock-tests-"))
    folder.chmod(0o755)
    _FOLDER.append(folder)
    server = postgres.start(folder, volatile=True)
    _STARTED.append(server)
    memory = valkey.start(folder)
    _STARTED.append(memory)
    os.environ["TEST_DATABASE_URL"], os.environ["TEST_REDIS_URL"] = server.url, memory.url
    templates = folder / "templates"
    templates.mkdir(0o700)
    os.environ["TEST_TEMPLATES"] = str(templates)
    _admin(server.url, f"create database {_TEMPLATE}")
    run_migrations(_named(server.url, _TEMPLATE))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A run of the ``stack`` tests alone reads the few files that have some."""
    return (
        True
        if config.option.markexpr == "stack" and _is_test(collection_path) and not _may_start_stack(collection_path)
        else None
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No such test is in a file that is passed over then."""
    lost = {str(item.path) for item in items if item.get_closest_marker("stack") and not _may_start_stack(item.path)}
    if lost:
        raise pytest.UsageError(f"Write pytest.mark.stack out in {', '.join(sorted(lost))}")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests and all that they import stay to the end: they are not looked through for dead cycles, neither
    while they come in nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_") and path.suffix == ".py"


def _may_start_stack(path: Path) -> bool:
    return path.parent == Path(__file__).parent / "browser" or "pytest.mark.stack" in path.read_text()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    stop_kept()
    for server in reversed(_STARTED):
        server.stop()
    for folder in _FOLDER:
        postgres.remove(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _admin(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def _named(url: str, name: str) -> str:
    parts = parse_dsn(url)
    return f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{name}"


@pytest.fixture(scope="session")
def database_url(worker_id: str) -> str:
    """A migrated database of this worker process's own."""
    name = f"crossdock_{worker_id}"
    _admin(os.environ["TEST_DATABASE_URL"], f"create database {name} template {_TEMPLATE}")
    return _named(os.environ["TEST_DATABASE_URL"], name)


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> str:
    """A Redis database of this worker process's own."""
    number = 1 if worker_id == "master" else 1 + int(worker_id.removeprefix("gw")) % 15
    return os.environ["TEST_REDIS_URL"].rsplit("/", 1)[0] + f"/{number}"


@pytest.fixture(scope="session")
def engine(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """This process works on its test database, and keeps files of its own."""
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = database_url, redis_url
    os.environ["CROSSDOCK_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    app_config.reload()
    db.use(db.make_engine(database_url, pool_size=20))
    yield
    db.engine().dispose()


@pytest.fixture
def session(engine: None) -> Iterator[Session]:
    """A transaction across tenants that is undone at the end: for services, which never commit."""
    with db.system_scope(actor="test"):
        opened = Session(db.engine(), expire_on_commit=False)
        try:
            yield opened
        finally:
            opened.rollback()
            opened.close()


@cache
def _memory(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url)


@pytest.fixture
def committed(engine: None, database_url: str, redis_url: str) -> Iterator[None]:
    """For tests that commit: everything is deleted at the end."""
    yield
    delete_all(database_url)
    _memory(redis_url).flushdb()


@pytest.fixture
def jobs(committed: None, redis_url: str) -> Iterator[Jobs]:
    """The relay and the workers, run on demand in this process against the real Redis."""
    runner = Jobs(redis_url)
    yield runner
    runner.close()


@pytest.fixture
def system(engine: None) -> Iterator[None]:
    """Transactions of this test see every tenant."""
    with db.system_scope(actor="test"):
        yield


@pytest.fixture(autouse=True)
def _no_scope_left() -> Iterator[None]:
    """A test leaves no scope behind."""
    yield
    assert db.current_scope().kind == "none"
