"""What the gateway knows: accounts' money, shipments, and the faults that it is told to have."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
#: Carrier, service, dollars, days, and dollars more for each pound.
_SERVICES = (
    ("USPS", "GroundAdvantage", 540, 4, 60),
    ("USPS", "Priority", 890, 2, 90),
    ("UPSDAP", "Ground", 760, 3, 50),
    ("UPSDAP", "NextDayAir", 3100, 1, 200),
)
API_KEY = "EZTK_of_the_supplier"
PLATFORM_KEY = "EZTK_of_the_platform"
#: Carriers whose numbers it follows.
_FOLLOWED = ("USPS", "UPS", "FedEx", "DHLExpress", "DhlEcs", "CanadaPost", "RoyalMail")


class Refused(Exception):
    """An error as the API tells it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class World:
    """One account, and all that it bought."""

    cents: int = 10_000
    shipments: dict[str, Json] = field(default_factory=dict)
    #: By id; ``_key`` is whose account each is of.
    trackers: dict[str, Json] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    scanned: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def fault(self, kind: str) -> bool:
        """Whether it is to go wrong this time."""
        with self.lock:
            left = self.faults.get(kind, 0)
            if left:
                self.faults[kind] = left - 1
            return bool(left)

    def quote(self, given: Json, url: str) -> Json:
        """A new shipment with its rates. Raises Refused."""
        parcel = given.get("parcel") or {}
        for name in ("to_address", "from_address"):
            address = given.get(name) or {}
            missing = [part for part in ("street1", "city", "zip", "country") if not address.get(part)]
            if missing:
                raise Refused(422, "ADDRESS.PARAMETERS.INVALID", f"{name}: {', '.join(missing)} can't be blank")
        back = given.get("return_address")
        if back and self.fault("no_such_return"):
            raise Refused(422, "ADDRESS.VERIFY.FAILURE", "return_address: no carrier takes parcels back there")
        weight = parcel.get("weight")
        if not isinstance(weight, int | float) or weight <= 0:
            raise Refused(422, "PARCEL.WEIGHT.INVALID", "weight must be above 0")
        with self.lock:
            number = next(self._numbers)
            made: Json = {
                "id": f"shp_{number:032x}",
                "object": "Shipment",
                "mode": "test",
                "reference": given.get("reference"),
                **_ways(given),
                "is_return": bool(given.get("is_return")),
                "parcel": {"id": f"prcl_{number:032x}", "object": "Parcel", **parcel},
                "options": given.get("options") or {},
                "rates": [],
                "selected_rate": None,
                "postage_label": None,
                "tracking_code": None,
                "tracker": None,
                "refund_status": None,
                "_url": url,
            }
            # Parcel services of this world carry up to 70 pounds.
            if weight <= 70 * 16:
                made["rates"] = [
                    {
                        "id": f"rate_{number:028x}{place:04x}",
                        "object": "Rate",
                        "carrier": carrier,
                        "service": service,
                        "rate": f"{(cents + int(more * weight / 16)) / 100:.2f}",
                        "currency": "USD",
                        "delivery_days": days,
                        "shipment_id": made["id"],
                    }
                    for place, (carrier, service, cents, days, more) in enumerate(_SERVICES)
                ]
            self.shipments[made["id"]] = made
            return made

    def find(self, ref: str) -> Json:
        """A shipment. Raises Refused."""
        found = self.shipments.get(ref)
        if found is None:
            raise Refused(404, "NOT_FOUND", "The requested resource could not be found.")
        return found

    def buy(self, ref: str, rate_ref: str) -> Json:
        """Buy one of its rates, once. Raises Refused."""
        with self.lock:
            shipment = self.find(ref)
            if shipment["postage_label"] is not None:
                raise Refused(422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment")
            rate = next((one for one in shipment["rates"] if one["id"] == rate_ref), None)
            if rate is None:
                raise Refused(422, "RATE.NOT_FOUND", "The rate is not one of this shipment's")
            cents = round(float(rate["rate"]) * 100)
            if cents > self.cents:
                raise Refused(402, "PAYMENT_REQUIRED", "Insufficient funds to purchase this label")
            self.cents -= cents
            code = f"{'1Z' if rate['carrier'].startswith('UPS') else '94'}{int(ref[4:], 16):016d}"
            form = shipment["options"].get("label_format", "PDF")
            address = f"{shipment['_url']}labels/{ref}.{form.lower()}"
            shipment.update(
                selected_rate=rate,
                tracking_code=code,
                postage_label={"object": "PostageLabel", "label_url": address, f"label_{form.lower()}_url": address},
                tracker={
                    "object": "Tracker",
                    "tracking_code": code,
                    "public_url": f"https://track.easypost.com/{code}",
                    "tracking_details": [],
                },
            )
            return shipment

    def move(self, number: str, status: str, at: str) -> Json:
        """The carrier sees a parcel; its tracker."""
        with self.lock:
            bought = (one["tracker"] for one in self.shipments.values() if one["tracker"])
            known = [one for one in (*self.trackers.values(), *bought) if one["tracking_code"] == number]
            tracker: Json = known[0]
            place = {"object": "TrackingLocation", "city": "MEMPHIS", "state": "TN", "country": "US", "zip": "38118"}
            detail = {
                "object": "TrackingDetail",
                "message": "Arrived at facility",
                "status": status,
                "datetime": at,
                "tracking_location": place,
            }
            tracker["tracking_details"].append(detail)
            tracker.update(status=status, status_detail="arrived_at_facility", updated_at=at)
            return tracker

    def trackers_of(self, key: str, code: str, carrier: str) -> list[Json]:
        """An account's trackers of a number, the newest first."""
        found = [one for one in self.trackers.values() if one["_key"] == key]
        if code:
            found = [one for one in found if one["tracking_code"] == code]
        return [one for one in found if carrier in ("", one["carrier"])][::-1]

    def tracker(self, key: str, ref: str) -> Json:
        """One of an account's trackers. Raises Refused."""
        found = self.trackers.get(ref)
        if found is None or found["_key"] != key:
            raise Refused(404, "NOT_FOUND", "The requested resource could not be found.")
        return found

    def follow(self, key: str, given: Json, at: str) -> Json:
        """A new tracker, or the one that the account has of this number. Raises Refused."""
        code, carrier = given.get("tracking_code"), given.get("carrier") or "USPS"
        if not code:
            raise Refused(422, "PARAMETER.REQUIRED", "Missing required parameter.")
        if carrier not in _FOLLOWED:
            raise Refused(422, "TRACKER.CREATE.ERROR", f"Unsupported carrier {carrier}")
        if " " in code or not code.isalnum():
            raise Refused(422, "TRACKER.CREATE.ERROR", "The tracking code is not one of the carrier's")
        with self.lock:
            known = self.trackers_of(key, code, carrier)
            if known:
                return known[0]
            if self.cents < 2:
                raise Refused(402, "PAYMENT_REQUIRED", "Insufficient funds")
            self.cents -= 2
            ref = f"trk_{next(self._numbers):032x}"
            made: Json = {
                "id": ref,
                "object": "Tracker",
                "mode": "test",
                "tracking_code": code,
                "status": "unknown",
                "status_detail": "unknown",
                "created_at": at,
                "updated_at": at,
                "signed_by": None,
                "weight": None,
                "est_delivery_date": None,
                "shipment_id": None,
                "carrier": carrier,
                "tracking_details": [],
                "carrier_detail": None,
                "public_url": f"https://track.easypost.com/{ref}",
                "fees": [
                    {"object": "Fee", "type": "TrackerFee", "amount": "0.02000", "charged": True, "refunded": False}
                ],
                "_key": key,
            }
            self.trackers[ref] = made
            return made

    def refund(self, ref: str) -> Json:
        """Ask the money back. Raises Refused."""
        with self.lock:
            shipment = self.find(ref)
            if shipment["postage_label"] is None:
                raise Refused(422, "SHIPMENT.REFUND.UNAVAILABLE", "Nothing was bought of this shipment")
            if shipment["refund_status"] is not None:
                raise Refused(422, "SHIPMENT.REFUND.UNAVAILABLE", "A refund was requested already")
            if shipment["tracking_code"] in self.scanned:
                shipment["refund_status"] = "rejected"
            else:
                shipment["refund_status"] = "submitted"
                self.cents += round(float(shipment["selected_rate"]["rate"]) * 100)
            return shipment


def _ways(given: Json) -> Json:
    """Where it leaves and arrives: a return is asked for as the way there, and turned round."""
    there, back = given["to_address"], given["from_address"]
    if given.get("is_return"):
        return {"to_address": back, "from_address": there, "return_address": back}
    return {"to_address": there, "from_address": back, "return_address": given.get("return_address") or back}
