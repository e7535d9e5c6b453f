"""A walk in which suppliers buy postage for their parcels through a gateway, which loses answers, and give it back."""

from __future__ import annotations

from typing import ClassVar

from app.fulfillment.rules import VOIDED as PARCEL_VOIDED
from app.fulfillment.service.buying import BOUGHT, BUYING, QUOTED, VOIDED, VOIDING
from tests.flows.books import Books, Json
from tests.flows.counting import Count
from tests.flows.gateway import Gateway
from tests.flows.walking import CLOCK_JOBS, Walk
from tests.market import Market, Party
from tests.stack import Jobs

_TAKEN_BACK = (VOIDING, VOIDED)
_LABELS = (
    "select l.*, s.shipment_status from shipping_labels l left join shipments s on s.id = l.shipment_id "
    "order by l.state = 'QUOTED', l.id desc"
)


class LabelWalk(Walk):
    """The steps with labels."""

    CLOCK_JOBS: ClassVar = (*CLOCK_JOBS, "settle_labels", "poll_tracking")
    #: What its pages answer with, where the gateway says no or nothing.
    REFUSALS: ClassVar = (*Walk.REFUSALS, 502)

    def __init__(self, market: Market, jobs: Jobs, books: Books, gateway: Gateway) -> None:
        super().__init__(market, jobs, books)
        self.gateway = gateway
        gateway.pull("reset")
        for supplier_id in self.suppliers:
            gateway.open_account(supplier_id)

    def _quote(self, which: int, units: int) -> None:
        """A supplier asks for prices of a parcel."""
        found = self._purchase_order(which)
        if found is not None:
            party, row = found
            size = self.books.row("select id from package_sizes where supplier_id = %s", party.id)["id"]
            wanted = {f"units-{self._line(row, which)['id']}": str(units), "size": str(size)}
            self._press(party, f"/supplier/purchase-orders/{row['id']}/label", wanted)

    def _buy_label(self, which: int, offer: int) -> None:
        """It buys one that it has prices of, or presses again."""
        row = self._label(which)
        if row is not None:
            chosen = row["offers"][offer % len(row["offers"])]["ref"]
            self._press(self.suppliers[row["supplier_id"]], f"/supplier/labels/{row['id']}/buy", {"offer": chosen})

    def _give_back(self, which: int) -> None:
        """It wants its money back for one."""
        row = self._label(which)
        if row is not None:
            self._give_back_this(row)

    def _give_back_this(self, row: Json) -> None:
        self._press(self.suppliers[row["supplier_id"]], f"/supplier/labels/{row['id']}/give-back", {})

    def _gateway_fault(self, kind: str) -> None:
        """The gateway's next answer goes wrong."""
        self.gateway.pull("faults", kind=kind)

    def _gateway_sees(self, which: int, status: str, told: bool) -> None:
        """The carrier scans a parcel with a label, of which the gateway tells, or does not."""
        row = self._one_of([one for one in self.labels() if one["tracking_number"]], which)
        if row is not None:
            seen = self.gateway.sees(row["tracking_number"], status)
            if told:
                assert self.gateway.tells(seen, f"/{row['supplier_id']}") == 200

    def labels(self) -> list[Json]:
        """All labels, those that were asked for no more than prices last."""
        return self.books.rows(_LABELS)

    def _label(self, which: int) -> Json | None:
        return self._one_of(self.labels(), which)

    def _press(self, party: Party, path: str, values: dict[str, str]) -> None:
        pressed = self.books.press(party, path, **values)
        assert pressed.status_code in (303, *self.REFUSALS), pressed.text[:2000]


class LabelCount(Count):
    """What holds of labels, besides."""

    walk: LabelWalk

    def holds(self) -> None:
        super().holds()
        rows = {row["gateway_ref"]: row for row in self.walk.labels()}
        sold = {one["id"]: one for one in self.walk.gateway.bought()}
        for ref, one in sold.items():
            row = rows[ref]
            assert row["state"] != QUOTED, row
            assert (one["refund_status"] is None) or row["state"] in _TAKEN_BACK, row
        for ref, row in rows.items():
            if row["state"] in (BOUGHT, *_TAKEN_BACK):
                assert row["tracking_number"] == sold[ref]["tracking_code"], row
            if row["state"] in (QUOTED, BUYING):
                assert row["shipment_id"] is None, row
            if row["state"] in _TAKEN_BACK:
                assert row["shipment_status"] in (None, PARCEL_VOIDED), row
            if row["state"] == BOUGHT and row["shipment_id"] is None:
                # Its units were cancelled meanwhile.
                assert row["failure"], row
                assert f"label:{row['id']}" in self._without_parcel(), row

    def _without_parcel(self) -> set[str]:
        """Labels of which their suppliers are told that they send nothing."""
        rows = self.books.rows("select dedupe from notices where dedupe like 'label:%%' and resolved_at is null")
        return {str(row["dedupe"]) for row in rows}

    def ends(self) -> None:
        super().ends()
        for row in self.walk.labels():
            assert row["state"] in (QUOTED, BOUGHT, VOIDED), row
            if row["state"] == BOUGHT and row["shipment_status"] in (None, PARCEL_VOIDED):
                # What is paid for and sends nothing can be given back.
                self.walk.step("give_back_this", row)
        self.holds()
        assert self._without_parcel() == set()
        for row in self.walk.labels():
            assert row["state"] != BOUGHT or row["shipment_status"] not in (None, PARCEL_VOIDED), row
