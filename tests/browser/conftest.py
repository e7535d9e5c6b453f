"""One running demo for all browser tests, and a Chromium that tells on pages."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Frame, Page, expect, sync_playwright

from app import config, db
from demo.installation import SHOP, Installation, Ports
from demo.people import PASSWORD, People, SignIn, settle_in
from demo.screenshots import FLAGS
from demo.story import StepFailed, Story
from tests.simulators.process import free_port, spawn
from tests.system_packages import advice, install
from tests.system_packages import find as find_program

#: What a test waits for at most, in milliseconds. Long, so that nothing fails but what never comes.
PATIENCE = 60_000
#: How long one test may take, in seconds: the first one also starts the demo.
LONGEST = 600
expect.set_options(timeout=PATIENCE)
DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Everything here drives a browser on the whole set of processes. It comes after all other tests, in whatever
    order they are: the demo makes its own database the one that this process works on."""
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.stack)
        item.add_marker(pytest.mark.timeout(LONGEST))
    yield
    items.sort(key=lambda item: here in item.path.parents)


@dataclass(slots=True)
class Demo:
    """The demo after its first parcels have left: everything that the pages can show."""

    installation: Installation
    people: People
    story: Story

    @property
    def url(self) -> str:
        """Crossdock."""
        return self.installation.url

    @property
    def admin(self) -> str:
        """The app's address in the simulated Shopify admin."""
        return f"{self.installation.shopify_url}/store/{SHOP.removesuffix('.myshopify.com')}/apps/crossdock"


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """Start it on free ports in a folder of its own, tell its story up to the parcels, stop it at the end."""
    before = dict(os.environ)
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="crossdock-browser-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postage = spawn("tests.simulators.labels", [], free_port())
        os.environ["CROSSDOCK_EASYPOST_URL"] = postage.url
        installation = Installation(folder, Ports.free())
        try:
            installation.start()
            people = settle_in()
            installation.wait_until_ready()
            story = Story(installation, people)
            try:
                for step in (story.install, story.upload, story.save_card, story.import_products, story.buy,
                             story.acknowledge, story.ship):  # fmt: skip
                    step()
            except StepFailed as failed:
                failed.add_note("\n".join(file.read_text()[-2000:] for file in (folder / "logs").glob("*.log")))
                raise
            yield Demo(installation, people, story)
        finally:
            db.engine().dispose()
            installation.stop()
            postage.stop()
            os.environ.clear()
            os.environ.update(before)
            config.reload()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    if not install("chromium"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(advice("chromium"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_program("chromium"), args=FLAGS)
        yield browser
        browser.close()


@dataclass(slots=True)
class Complaints:
    """What the console of a page says that is not as it should be: errors, exceptions, refusals of the policy."""

    found: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """From now on."""

        def note(told: ConsoleMessage) -> None:
            if told.type == "error":
                self.found.append(f"{page.url}: {told.text}")

        page.on("console", note)
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))


Open = Callable[..., Page]


@pytest.fixture
def opened(demo: Demo, chromium: Browser) -> Iterator[Open]:
    """``opened(who, size=…)``: a page of a browser of its own, signed in as ``who``, which is closed afterwards. The
    test fails if the console complained meanwhile, unless ``silent`` is false."""
    contexts: list[BrowserContext] = []
    complaints = Complaints()

    def open_page(who: SignIn | None = None, size: tuple[int, int] = DESKTOP, silent: bool = True) -> Page:
        page = new_page(chromium, size)
        contexts.append(page.context)
        if silent:
            complaints.listen(page)
        if who is not None:
            sign_in(page, demo, who.email)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints.found == []


def new_page(chromium: Browser, size: tuple[int, int] = DESKTOP) -> Page:
    """The page of a fresh browser, which its maker closes: ``page.context.close()``."""
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="en-US", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def send_sign_in(page: Page, demo: Demo, email: str, password: str) -> None:
    """Fill in the page and send it; what answers may still be on its way."""
    page.goto(f"{demo.url}/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def sign_in(page: Page, demo: Demo, email: str) -> None:
    """Through the page, until the page behind it stands."""
    send_sign_in(page, demo, email, PASSWORD)
    page.wait_for_url(lambda url: urlsplit(url).path != "/sign-in")


def app_frame(page: Page) -> Frame:
    """The app's frame in the admin, once its page stands."""
    frame = page.frame("app-iframe")
    assert frame is not None
    frame.locator("s-page").first.wait_for()
    return frame
