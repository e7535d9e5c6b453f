"""What suppliers call the columns of their answers, and the words they answer with, in the main European languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.feeds.rules.fields import normal

#: Field → names of its column.
_COLUMNS: Mapping[str, Sequence[str]] = {
    "number": (
        "number", "po", "po number", "po no", "po id", "purchase order", "purchase order number", "order",
        "order number", "order no", "order id", "customer order number", "customer po",
        "bestellnummer", "bestellung", "bestell nr", "auftragsnummer", "auftrag", "numéro de commande",
        "n° commande", "commande", "número de pedido", "pedido", "numero ordine", "ordine", "numer zamówienia",
        "zamówienie", "bestelnummer", "ordernummer", "ordrenummer", "číslo objednávky", "objednávka",
        "número da encomenda", "encomenda", "numéro", "rendelésszám", "tilausnumero",
    ),
    "line": (
        "line", "line number", "line no", "position", "pos", "zeile", "ligne", "línea", "riga", "pozycja", "linha",
    ),
    "sku": (
        "sku", "item", "item number", "item no", "item code", "article", "article number", "vendor sku",
        "supplier sku", "product code", "part number", "artikelnummer", "artikel nr", "artikel", "référence",
        "code article", "referencia", "código", "codice", "codice articolo", "kod", "kod produktu", "indeks",
        "artikelnr", "varenummer", "artikelkod", "kód", "kód zboží", "referência",
    ),
    "quantity": (
        "quantity", "qty", "shipped quantity", "quantity shipped", "qty shipped", "confirmed quantity", "units",
        "menge", "anzahl", "stück", "quantité", "qté", "cantidad", "quantità", "ilość", "aantal", "antal",
        "množství", "quantidade", "mennyiség", "määrä",
    ),
    "status": (
        "status", "state", "answer", "line status", "order status", "statut", "état", "estado", "stato", "stav",
        "állapot", "tila",
    ),
    "available_on": (
        "available on", "available date", "availability date", "expected date", "expected", "eta", "backorder date",
        "restock date", "delivery date", "liefertermin", "lieferdatum", "verfügbar ab", "date de disponibilité",
        "fecha disponible", "data disponibilità", "data dostępności", "leverdatum", "datum dodání",
    ),
    "shipped_at": (
        "shipped at", "shipped on", "ship date", "shipping date", "date shipped", "shipped", "versanddatum",
        "versendet am", "date d'expédition", "fecha de envío", "data spedizione", "data wysyłki", "verzenddatum",
        "datum odeslání",
    ),
    "message_number": (
        "message number", "message no", "message id", "change number", "request number", "nachrichtennummer",
    ),
    "reason": ("reason", "comment", "message", "grund", "bemerkung", "motif", "motivo", "powód", "reden", "důvod"),
    "carrier": (
        "carrier", "carrier code", "scac", "shipping company", "courier", "shipper", "versanddienst",
        "versanddienstleister", "spediteur", "paketdienst", "transporteur", "transportista", "corriere", "vettore",
        "przewoźnik", "kurier", "vervoerder", "fragtfører", "dopravce", "transportadora",
    ),
    "tracking_number": (
        "tracking", "tracking number", "tracking no", "tracking code", "tracking id", "parcel number",
        "sendungsnummer", "paketnummer", "trackingnummer", "numéro de suivi", "suivi", "número de seguimiento",
        "seguimiento", "numero di tracking", "numero spedizione", "numer przesyłki", "numer śledzenia",
        "zendingsnummer", "sporingsnummer", "číslo zásilky", "número de rastreio",
    ),
    "tracking_url": ("tracking url", "tracking link", "sendungsverfolgung", "lien de suivi", "url"),
    "price": ("price", "unit price", "cost", "preis", "einzelpreis", "prix", "precio", "prezzo", "cena", "prijs"),
}  # fmt: skip

#: Answer → words.
_ANSWERS: Mapping[str, Sequence[str]] = {
    "accepted": (
        "accepted", "accept", "acknowledged", "confirmed", "ok", "yes", "received", "processing", "in progress",
        "angenommen", "bestätigt", "accepté", "confirmé", "aceptado", "confirmado", "accettato", "confermato",
        "przyjęte", "potwierdzone", "bevestigd", "potvrzeno", "ia",
    ),
    "backordered": (
        "backordered", "backorder", "back order", "on backorder", "delayed", "later", "rückstand", "verspätet",
        "nachlieferung", "en rupture temporaire", "retardé", "pendiente", "arretrato", "opóźnione", "nabestelling",
        "zpožděno", "ib",
    ),
    "rejected": (
        "rejected", "reject", "refused", "declined", "no", "abgelehnt", "refusé", "rechazado", "rifiutato",
        "odrzucone", "geweigerd", "zamítnuto", "ir",
    ),
    "out_of_stock": (
        "out of stock", "no stock", "sold out", "unavailable", "not available", "ausverkauft", "nicht lieferbar",
        "rupture de stock", "épuisé", "agotado", "sin stock", "esaurito", "brak", "niedostępne", "uitverkocht",
        "vyprodáno",
    ),
    "discontinued": (
        "discontinued", "end of life", "obsolete", "ausgelaufen", "eingestellt", "arrêté", "descatalogado",
        "fuori produzione", "wycofane", "uit assortiment", "ukončeno",
    ),
    "cancelled": (
        "cancelled", "canceled", "cancel", "stopped",
        "storniert", "storno", "annulé", "cancelado", "annullato", "anulowane",
        "geannuleerd", "zrušeno",
    ),
    "not_cancelled": (
        "cancel refused", "cancellation refused", "too late", "not cancelled",
        "not stopped", "storno abgelehnt", "zu spät",
        "trop tard", "demasiado tarde", "troppo tardi", "za późno",
    ),
    "address_changed": (
        "address changed", "address accepted", "new address accepted", "adresse geändert", "adresse modifiée",
        "dirección cambiada", "indirizzo modificato", "adres zmieniony", "adres gewijzigd", "adresa změněna",
    ),
    "address_kept": (
        "address not changed", "address refused", "adresse nicht geändert", "adresse non modifiée",
        "dirección no cambiada", "indirizzo non modificato", "adres niezmieniony", "adres niet gewijzigd",
        "adresa nezměněna",
    ),
    "shipped": (
        "shipped", "dispatched", "despatched", "sent", "fulfilled", "versendet", "versandt", "expédié", "enviado",
        "spedito", "wysłane", "verzonden", "odesláno", "complete", "completed",
    ),
}  # fmt: skip

FIELDS: Mapping[str, str] = {normal(name): field for field, names in _COLUMNS.items() for name in names}
ANSWERS: Mapping[str, str] = {normal(word): answer for answer, words in _ANSWERS.items() for word in words}
#: The fields that a supplier's headers may be said to be.
NAMES: Mapping[str, object] = _COLUMNS
#: Parts of what is written as a reason → our reason.
REASONS: Sequence[tuple[str, str]] = (
    ("discontinu", "discontinued"), ("ausgelaufen", "discontinued"), ("stock", "out_of_stock"),
    ("available", "out_of_stock"), ("lieferbar", "out_of_stock"), ("price", "invalid_price"),
    ("preis", "invalid_price"), ("address", "undeliverable_address"), ("adresse", "undeliverable_address"),
    ("item", "invalid_item"), ("sku", "invalid_item"), ("ship", "invalid_shipping_method"),
)  # fmt: skip
