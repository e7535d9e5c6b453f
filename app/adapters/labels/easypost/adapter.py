"""EasyPost's API, version 2: a shipment is made with its parcel and addresses and carries the rates; it can be bought
once; an unused label is refunded by asking. Parcels with labels from elsewhere are followed by trackers.

Sources: https://docs.easypost.com/docs/shipments, …/shipments/rates, …/shipments/returns (a return is asked for with
the addresses of the way there, which EasyPost turns round), …/refunds, …/trackers, …/errors, and …/webhooks for the
signature:
``X-Hmac-Signature`` is ``hmac-sha256-hex=`` and the SHA-256 HMAC of the body under the secret in NFKD.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import orjson

from app.adapters._http import HttpClient
from app.config import settings
from app.fulfillment.carrier import CarrierEvent, Tracked
from app.fulfillment.labels import (
    Access,
    Followed,
    ForgedNotice,
    Label,
    Offer,
    Package,
    Party,
    PlatformAccount,
    Quoted,
    RefundMoved,
    Told,
    TrackerMoved,
)
from app.kit.clock import parse_iso
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.kit.money import Money

T = TypeVar("T")
_GRAMS_OF_OUNCE, _MM_OF_INCH = Decimal("28.349523125"), Decimal("25.4")
_MEDIA = {"PDF": "application/pdf", "ZPL": "application/zpl"}
_CODE, _MESSAGE = re.compile(r'"code"\s*:\s*"([A-Z_.]+)"'), re.compile(r'"message"\s*:\s*"([^"]{1,300})"')
#: EasyPost's words for where a parcel is → ours.
_STATUSES = {
    "unknown": "unknown",
    "pre_transit": "pre_transit",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "available_for_pickup": "available_for_pickup",
    "delivered": "delivered",
    "return_to_sender": "return_to_sender",
    "failure": "failure",
    "error": "failure",
}
#: Carriers that EasyPost follows, by our names → its own.
_TRACKED = {
    "australia_post": "AustraliaPost",
    "canada_post": "CanadaPost",
    "canpar": "Canpar",
    "dhl": "DHLExpress",
    "dhl_ecommerce": "DhlEcs",
    "dpd": "DPD",
    "fedex": "FedEx",
    "ontrac": "OnTrac",
    "parcelforce": "Parcelforce",
    "purolator": "Purolator",
    "royal_mail": "RoyalMail",
    "spee_dee": "SpeeDee",
    "ups": "UPS",
    "usps": "USPS",
}
#: Codes of refusals → what to do about them.
_ADVICE = {
    "PAYMENT_REQUIRED": "Your EasyPost account has no money left. Add some there, then try again.",
    "INSUFFICIENT_FUNDS": "Your EasyPost account has no money left. Add some there, then try again.",
    "ADDRESS.VERIFY.FAILURE": "The carrier does not know the address.",
    "SHIPMENT.INVALID_PARAMS": "EasyPost does not take the parcel as it is: look at its weight and size.",
    "SHIPMENT.RATES.UNAVAILABLE": "No carrier takes this parcel. Look at its weight and size.",
}


class EasyPost:
    """The ``LabelGateway`` port for EasyPost."""

    name = "easypost"
    label = "EasyPost"

    def __init__(self) -> None:
        self._http = HttpClient(read_seconds=30)

    def try_out(self, access: Access) -> None:
        """Its newest tracker, which keys for tests and for real labels alike may look at."""
        self._call(access, "GET", f"trackers?{urlencode({'page_size': 1})}")

    def quote(
        self,
        access: Access,
        package: Package,
        *,
        sender: Party,
        recipient: Party,
        returns: Party,
        reference: str,
        form: str = "PDF",
        coming_back: bool = False,
    ) -> Quoted:
        """A new shipment with its rates."""
        start, end = (recipient, sender) if coming_back else (sender, recipient)
        back: dict[str, Any] = {"is_return": True} if coming_back else {"return_address": _address(returns)}
        shipment = self._call(
            access,
            "POST",
            "shipments",
            {
                "shipment": {
                    "reference": reference,
                    "from_address": _address(start),
                    "to_address": _address(end),
                    **back,
                    "parcel": {
                        "weight": float(round(package.grams / _GRAMS_OF_OUNCE, 1) or Decimal("0.1")),
                        "length": float(round(package.length_mm / _MM_OF_INCH, 1)),
                        "width": float(round(package.width_mm / _MM_OF_INCH, 1)),
                        "height": float(round(package.height_mm / _MM_OF_INCH, 1)),
                    },
                    "options": {"label_format": form} | ({"print_custom_1": reference} if coming_back else {}),
                }
            },
        )
        offers = [
            Offer(
                ref=str(rate["id"]),
                carrier=str(rate["carrier"]),
                service=str(rate["service"]),
                amount=_money(rate["rate"], rate["currency"]),
                days=rate.get("delivery_days"),
            )
            for rate in shipment.get("rates") or []
        ]
        if not offers:
            raise Rejected("no_rates", _ADVICE["SHIPMENT.RATES.UNAVAILABLE"])
        return Quoted(ref=str(shipment["id"]), offers=offers)

    def buy(self, access: Access, ref: str, offer_ref: str) -> Label:
        """Buy once; what was bought before is given again."""
        try:
            shipment = self._call(access, "POST", f"shipments/{ref}/buy", {"rate": {"id": offer_ref}})
        except Rejected as error:
            if error.code != "SHIPMENT.POSTAGE.EXISTS":
                raise
            shipment = _surely(lambda: self._call(access, "GET", f"shipments/{ref}"))
        return self._label(shipment)

    def bought(self, access: Access, ref: str) -> Label | None:
        """Look at the shipment."""
        shipment = self._call(access, "GET", f"shipments/{ref}")
        return self._label(shipment) if shipment.get("postage_label") else None

    def moves(self, access: Access, ref: str) -> Sequence[CarrierEvent]:
        """What the shipment's tracker has seen."""
        tracker = self._call(access, "GET", f"shipments/{ref}").get("tracker") or {}
        return _events(tracker)

    def give_back(self, access: Access, ref: str) -> str:
        """Ask for the refund, unless that was done."""
        shipment = self._call(access, "GET", f"shipments/{ref}")
        state = shipment.get("refund_status")
        if state not in ("submitted", "refunded"):
            state = self._call(access, "POST", f"shipments/{ref}/refund").get("refund_status")
        return state if state in ("submitted", "refunded") else "rejected"

    def platform(self) -> PlatformAccount | None:
        """By settings."""
        key = settings().easypost_api_key.get_secret_value()
        secret = settings().easypost_hook_secret.get_secret_value()
        return PlatformAccount(access=Access(api_key=key), hook_secret=secret) if key else None

    def follows(self, carrier: str) -> bool:
        """Those whose names there are known."""
        return carrier in _TRACKED

    def follow(self, access: Access, carrier: str, tracking_number: str) -> Followed:
        """Its tracker, made where there is none: each one that is made costs something."""
        wanted = {"tracking_code": tracking_number, "carrier": _TRACKED[carrier]}
        known = self._call(access, "GET", f"trackers?{urlencode(wanted)}").get("trackers")
        for one in known if isinstance(known, list) else []:
            if one.get("tracking_code") == tracking_number:
                return _followed(one)
        try:
            return _followed(self._call(access, "POST", "trackers", {"tracker": wanted}))
        except Rejected as error:
            if error.code in ("PAYMENT_REQUIRED", "INSUFFICIENT_FUNDS"):
                # That says nothing of the number: it is asked again once there is money.
                raise CredentialsRefused(error.message) from error
            raise

    def followed(self, access: Access, ref: str) -> Followed:
        """Look at the tracker."""
        return _followed(self._call(access, "GET", f"trackers/{quote(ref, safe='')}"))

    def told(self, headers: Mapping[str, str], body: bytes, secret: str, *, at: datetime) -> Told:
        """Trackers and refunds; other events are none of ours."""
        key = unicodedata.normalize("NFKD", secret).encode()
        expected = "hmac-sha256-hex=" + hmac.digest(key, body, hashlib.sha256).hex()
        if not hmac.compare_digest(expected.encode(), headers.get("x-hmac-signature", "").encode()):
            raise ForgedNotice("the signature is not right")
        event = orjson.loads(body)
        about = event.get("result") or {}
        if event.get("description") in ("tracker.created", "tracker.updated"):
            return TrackerMoved(
                tracking_number=str(about.get("tracking_code", "")),
                events=_events(about),
                ref=str(about.get("id") or ""),
            )
        if event.get("description") == "refund.successful":
            return RefundMoved(tracking_number=str(about.get("tracking_code", "")), state="refunded")
        return None

    def _label(self, shipment: Mapping[str, Any]) -> Label:
        rate, postage = shipment["selected_rate"], shipment["postage_label"]
        form = str((shipment.get("options") or {}).get("label_format") or "PDF")
        address = str(postage.get("label_pdf_url") or postage.get("label_zpl_url") or postage["label_url"])
        return Label(
            carrier=str(rate["carrier"]),
            service=str(rate["service"]),
            tracking_number=str(shipment["tracking_code"]),
            tracking_url=(shipment.get("tracker") or {}).get("public_url"),
            amount=_money(rate["rate"], rate["currency"]),
            content=_surely(lambda: self._http.send("GET", address).body),
            media_type=_MEDIA.get(form, "application/pdf"),
        )

    def _call(self, access: Access, method: str, path: str, body: Any = None) -> Mapping[str, Any]:
        basic = base64.b64encode(f"{access.api_key}:".encode()).decode()
        url = f"{settings().easypost_url}/v2/{path}"
        try:
            answer = self._http.send(method, url, headers={"Authorization": f"Basic {basic}"}, json=body).json()
        except Rejected as error:
            raise _refusal(error) from error
        if not isinstance(answer, dict):
            raise Unavailable("the answer is not EasyPost's")
        return answer


def _surely(look: Callable[[], T]) -> T:
    """What is fetched of a label that was paid for. However that fails, it does not mean that nothing was bought."""
    try:
        return look()
    except (Rejected, CredentialsRefused, RateLimited) as error:
        raise Unavailable("a label was bought and could not be fetched") from error


def _refusal(error: Rejected) -> Rejected:
    """EasyPost's own code and sentence, where it gave them. Only the beginning of a long answer is here."""
    code, message = _CODE.search(error.message), _MESSAGE.search(error.message)
    if code is None:
        return Rejected("PAYMENT_REQUIRED", _ADVICE["PAYMENT_REQUIRED"]) if error.code == "http_402" else error
    words = message.group(1) if message is not None else "EasyPost refused it."
    return Rejected(code.group(1), _ADVICE.get(code.group(1), words))


def _address(party: Party) -> dict[str, str]:
    values = {
        "name": party.name,
        "company": party.company,
        "street1": party.street1,
        "street2": party.street2,
        "city": party.city,
        "state": party.province,
        "zip": party.postal_code,
        "country": party.country_code,
        "phone": party.phone,
        "email": party.email,
    }
    return {name: value for name, value in values.items() if value}


def _money(amount: str, currency: str) -> Money:
    try:
        return Money.of_decimal(Decimal(str(amount)), currency)
    except (InvalidOperation, ValueError) as error:
        raise Unavailable("the price is not a number") from error


def _followed(tracker: Mapping[str, Any]) -> Followed:
    ref = tracker.get("id")
    if not isinstance(ref, str) or not ref:
        raise Unavailable("the answer is no tracker")
    due = tracker.get("est_delivery_date")
    day = parse_iso(str(due)).date() if due else None
    status = _STATUSES.get(str(tracker.get("status")), "unknown")
    seen = Tracked(delivery_status=status, estimated_from=day, estimated_to=day, events=_events(tracker))
    return Followed(ref=ref, seen=seen)


def _events(tracker: Mapping[str, Any]) -> list[CarrierEvent]:
    return [_event(one) for one in tracker.get("tracking_details") or [] if one.get("status") in _STATUSES]


def _event(detail: Mapping[str, Any]) -> CarrierEvent:
    place = detail.get("tracking_location") or {}
    at = parse_iso(str(detail["datetime"]))
    return CarrierEvent(
        id=f"{detail['status']}:{detail['datetime']}",
        at=at,
        delivery_status=_STATUSES[detail["status"]],
        description=str(detail.get("message") or ""),
        location=", ".join(part for part in (place.get("city"), place.get("country")) if part),
    )
