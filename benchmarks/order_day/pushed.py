"""A supplier with a system of its own: orders are posted to it, signed, and it fails now and then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from app import db
from app.adapters import registries
from app.purchasing.service.channels import choose_channel
from app.webhooks.signing import new_secret
from benchmarks.order_day.carriage import Carriage
from benchmarks.order_day.mix import SYSTEM_FAULTS, Tally, met
from benchmarks.order_day.supplier import Order, Supplier
from demo.people import SignIn
from demo.story import Story
from tests.simulators.supplier_api.server import Server, serving
from tests.simulators.supplier_api.world import World


@contextmanager
def order_system() -> Iterator[Server]:
    """The system, in a thread of this process."""
    world = World(new_secret())
    # What it is asked to change it answers later, by API.
    world.answers_changes = None
    with serving(world) as server:
        yield server


class Pushed(Supplier):
    """A supplier that is told when its system has answered the message."""

    def __init__(self, story: Story, tally: Tally, who: SignIn, carriage: Carriage, system: Server) -> None:
        super().__init__(story, tally, who, carriage)
        self._world = system.world
        self._seen = 0
        with db.tenant_scope(who.organisation_id, actor="bench"), db.transaction() as session:
            choose_channel(
                session,
                who.organisation_id,
                registries.channels.get("api"),
                {"url": system.url, "tells": "yes"},
                made={"signing_secret": self._world.secret},
            )

    def new(self) -> Iterable[Order]:
        """What came since the last look; what comes next may meet a fault."""
        came = list(self._world.orders.values())[self._seen :]
        self._seen += len(came)
        for one in came:
            fault = met(SYSTEM_FAULTS, "system", one.number) if self.troubled else ""
            if fault:
                self._world.fail_next(fault)
                self.tally.add(f"supplier's system: {fault}")
            yield one.body

    def may_leave(self, order: Order) -> bool:
        """It is packed now and can't be stopped any more, unless it was."""
        known = self._world.orders[order["number"]]
        if known.stopped:
            self.tally.add("supplier's system: stopped before it left")
            return False
        self._world.packing.add(known.number)
        return True
