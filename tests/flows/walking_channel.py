"""A walk in which one supplier is told by messages to its own system, which loses answers, is busy, refuses, and stops
what it is asked to stop, or not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from app import db
from app.adapters import registries
from app.kit import clock
from app.orders.rules import CANCELLED
from app.purchasing.schedule import AT_ONCE
from app.purchasing.service.channels import choose_channel
from app.purchasing.service.doubting import decide_doubt
from app.purchasing.service.transmitting import send_again
from app.purchasing.transmission_rules import ARRIVED, REJECTED, UNKNOWN, WITHDRAWN
from app.webhooks.signing import new_secret
from tests.flows.books import Books, Json
from tests.flows.counting import Count
from tests.flows.walking import Walk
from tests.market import Market, Party
from tests.simulators.supplier_api.server import Server
from tests.simulators.supplier_api.world import World
from tests.stack import Jobs

_TOLD = (
    "select t.*, p.number, p.status, p.quantity, p.cancelled, p.rejected from transmissions t join ("
    "select p.id, p.number, p.status, sum(l.quantity) as quantity, sum(l.cancelled) as cancelled, "
    "sum(l.rejected) as rejected from purchase_orders p join purchase_order_lines l on l.purchase_order_id = p.id "
    "group by p.id) p on p.id = t.purchase_order_id where t.channel = 'api' order by t.id desc"
)


class ChannelWalk(Walk):
    """The steps with a supplier's system."""

    #: What tells suppliers' systems, and asks them, and tries again what came to nothing.
    TRIED_AGAIN: ClassVar = ("stop_at_supplier", "readdress_at_supplier", "ask_for_change", "dispatch_purchase_orders")

    def __init__(self, market: Market, jobs: Jobs, books: Books, world: World, server: Server) -> None:
        super().__init__(market, jobs, books)
        self.world, self.server = world, server
        world.secret = new_secret()
        self._tells(True)

    def _tells(self, tells: bool) -> None:
        """The supplier says whether its system can be asked what it has."""
        with db.tenant_scope(self.market.supplier.id, actor="test"), db.transaction() as session:
            choose_channel(
                session,
                self.market.supplier.id,
                registries.channels.get("api"),
                {"url": self.server.url, "tells": "yes" if tells else ""},
                schedule=AT_ONCE,
                made={"signing_secret": self.world.secret},
            )

    def _system_fault(self, kind: str) -> None:
        """The next message goes wrong."""
        self.world.fail_next(kind)

    def _amid(self, kind: str, name: str, *details: Any) -> None:
        """Something happens of which the system's answer goes wrong."""
        self.jobs.drain()
        self.world.faults.clear()
        self.world.fail_next(kind)
        getattr(self, f"_{name}")(*details)
        self.jobs.drain()

    def _system_packs(self, which: int) -> None:
        """It begins to pack an order, and stops nothing of it any more."""
        number = self._one_of(sorted(self.world.orders), which)
        if number is not None:
            self.world.packing.add(number)

    def _system_answers(self, said: bool | None) -> None:
        """What it says at once when it is asked to change an order; None: its people answer later."""
        self.world.answers_changes = None if said is None else {"accepted": said}

    def _say_whether_there(self, which: int) -> None:
        """A person looks whether an order arrived."""
        row = self._one_of([one for one in self.told() if one["person_asked_at"] and one["state"] == UNKNOWN], which)
        if row is not None:
            with db.tenant_scope(self.market.supplier.id, actor="user:jo"), db.transaction() as session:
                there = row["number"] in self.world.orders
                decide_doubt(session, self.market.supplier.id, row["purchase_order_id"], row["id"], there=there)

    def _send_again(self, which: int) -> None:
        """A person has it sent anew what the system refused."""
        row = self._one_of([one for one in self.told() if one["state"] == REJECTED], which)
        if row is not None and row["status"] != CANCELLED:
            with db.tenant_scope(self.market.supplier.id, actor="user:jo"), db.transaction() as session:
                send_again(session, self.market.supplier.id, row["purchase_order_id"], row["id"])

    def _pause(self, seconds: int) -> None:
        """A moment passes."""
        self.jobs.drain()
        with clock.shifted(timedelta(seconds=seconds)):
            self._due()
            self.jobs.run_scheduled("schedule_dispatches")
        self.ahead += timedelta(seconds=seconds)

    def _due(self) -> None:
        self.books.rows(
            "update tasks set available_at = now() where job = any(string_to_array(%s, ',')) and state = 0 "
            "returning id",
            ",".join(self.TRIED_AGAIN),
        )

    def told(self) -> list[Json]:
        """How the supplier was told of its purchase orders, the newest first."""
        return self.books.rows(_TOLD)

    def story(self, purchase_order_id: UUID) -> list[str]:
        """What the order's story says of it."""
        rows = self.books.rows("select message from timeline_entries where purchase_order_id = %s", purchase_order_id)
        return [str(row["message"]) for row in rows]

    def _purchase_order(self, which: int) -> tuple[Party, Json] | None:
        """As it stands on the supplier's desk: who fetches one by itself says that it has it."""
        found = [
            (party, row)
            for party in self.suppliers.values()
            for row in party.api.get("/api/supplier/orders", limit="200").json["items"]
        ]
        if not found:
            return None
        over = ("CANCELLED", "DELIVERED", "RETURNED", "SHIPPED")
        found.sort(key=lambda one: (one[1]["status"] in over, one[1]["number"]))
        return found[which % len(found)]


class ChannelCount(Count):
    """What holds of what a supplier's system was told, besides."""

    walk: ChannelWalk

    def holds(self) -> None:
        super().holds()
        world = self.walk.world
        assert world.refused == []
        told = {row["number"]: row for row in self.walk.told()}
        for number, order in world.orders.items():
            row = told[number]
            assert row["state"] != WITHDRAWN, row
            assert sum(line["quantity"] for line in order.body["lines"]) <= row["quantity"], row
        for row in told.values():
            if row["state"] == WITHDRAWN:
                assert row["status"] == CANCELLED, row

    def ends(self) -> None:
        self.walk.world.faults.clear()
        for seconds in (60, 300, 900):
            self.walk.step("pause", seconds)
        super().ends()
        self.walk.step("pause", 60)
        notices = self.books.notices(self.walk.market.supplier)
        for row in self.walk.told():
            stuck = {UNKNOWN: "transmission_in_doubt", REJECTED: "transmission_refused"}.get(row["state"])
            assert row["state"] in (*ARRIVED, WITHDRAWN) or stuck in notices, row
            order = self.walk.world.orders.get(row["number"])
            if order is None or row["state"] not in ARRIVED:
                continue
            known = sum(line["quantity"] for line in order.body["lines"])
            if known > row["quantity"] - (row["cancelled"] - row["rejected"]):
                # What was cancelled here since it was told is known there, or it was said that it could not be stopped.
                story = self.walk.story(row["purchase_order_id"])
                assert {"po.stopped", "po.stop_asked", "po.not_stopped", "po.change_accepted"} & set(story), (
                    row,
                    story,
                )
