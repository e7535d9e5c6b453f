"""What a column's name says when it is not known as a whole: by its words, without what says nothing of the field.

Only the name is judged here; whether the values fit is for ``app.feeds.rules.columns`` to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.feeds.rules.fields import BY_NAME, OPTION_COLUMNS, normal
from app.feeds.rules.repeated import repeated

#: Longer texts are sentences, not names.
LONGEST_NAME = 80
_MOST_WORDS = 8
_HUMP = re.compile(r"(?<=[a-zà-ÿа-я\d])(?=[A-ZÀ-ÝА-Я])|(?<=[A-ZÀ-ÝА-Я])(?=[A-ZÀ-ÝА-Я][a-zà-ÿа-я])")
_WAY = re.compile(r"[./](?=\s*\w)")
_FIRST = re.compile(r"(?<=[^\W\d])1$")
#: Words beside which a name means the same: currencies, units of goods, and what all columns are about.
_NOISE = frozenset(normal(word) for word in (
    "eur", "euro", "euros", "usd", "us", "gbp", "chf", "sek", "nok", "dkk", "pln", "czk", "huf", "ron", "bgn", "uah",
    "rub", "try", "cad", "aud", "zl", "zł", "kc", "kč", "lei", "ft", "kr", "tl", "руб", "рублей", "р", "грн", "лв",
    "szt", "stk", "stück", "pcs", "pc", "шт", "ks", "adet", "unit",
    "product", "products", "produkt", "produktu", "produkts", "produit", "producto", "prodotto", "produto", "produs",
    "produsului", "artikel", "article", "articulo", "articolo", "item", "variant", "termek", "vare", "tuote", "urun",
    "товара", "товаров", "товар", "προιοντος", "προϊόν", "g", "post", "main", "default", "of", "the", "s", "with",
))  # fmt: skip
#: Names that say something only where they stand alone.
_TOO_BARE = frozenset(
    {"count", "type", "status", "state", "id", "amount", "active", "body", "net", "available", "text"}
)
#: Codes of languages behind names of columns.
LANGUAGES = frozenset({
    "de", "en", "fr", "es", "it", "nl", "pl", "cs", "cz", "sk", "hu", "ro", "ru", "uk", "ua", "el", "gr", "tr", "sv",
    "se", "da", "dk", "no", "fi", "pt", "bg", "hr",
})  # fmt: skip

#: What a price is of, by a word beside it.
_PRICE = (
    "price", "prices", "preis", "preise", "prix", "tarif", "precio", "precios", "prezzo", "prezzi", "preco", "precos",
    "prijs", "prijzen", "pris", "cena", "ceny", "cijena", "цена", "цены", "ціна", "ціни", "стоимость", "вартість",
    "τιμή", "τιμες", "fiyat", "fiyati", "fiyatı", "ara", "ár", "pret", "pretul", "hinta", "kaina", "hind", "cost",
    "coste", "costo", "vk", "ek",
)  # fmt: skip
_COST = (
    "cost", "coste", "costo", "ek", "einkauf", "einkaufs", "net", "netto", "neto", "net1", "ht", "wholesale", "dealer",
    "trade", "purchase", "buy", "buying", "b2b", "hurt", "hurtowa", "hurtowy", "zakup", "zakupu", "achat", "gros",
    "mayorista", "mayor", "compra", "acquisto", "ingrosso", "rivenditore", "inkoop", "inkop", "inkops", "indkobs",
    "innkjops", "grossist", "nakup", "nakupni", "nakupna", "velkoobchod", "velkoobchodni", "velkoobchodna", "nagyker",
    "beszerzesi", "achizitie", "angro", "nabavna", "veleprodajna", "опт", "оптовая", "оптова", "оптом", "закуп",
    "закупочная", "закупка", "закупівельна", "дилерская", "дилер", "відпускна", "χονδρική", "χονδρικής", "bayi",
    "toptan", "alis", "alış", "reseller", "partner", "distributor", "supplier", "handler", "haendler", "grosshandels",
    "sisaanosto", "tukku", "kost", "excl", "exkl", "excluding", "without", "ohne", "bez", "без", "sin", "fara", "haric",
)  # fmt: skip
_MSRP = (
    "msrp", "rrp", "srp", "uvp", "pvp", "pvpr", "recommended", "suggested", "list", "listen", "liste", "listino",
    "conseille", "public", "consigliato", "recomendado", "retail", "detal", "detaliczna", "розн", "розница", "ррц",
    "розничная", "роздрібна", "рекомендованная", "рекомендована", "рекомендо", "katalogowa", "doporucena",
    "odporucana", "kisker", "tavsiye", "perakende", "λιανική", "λιανικής", "advies", "vejledende", "vejl", "rek", "mpc",
    "pseudo", "ovh",
)  # fmt: skip
#: These are retail prices, good enough where a list has no other price.
_RETAIL = frozenset(normal(word) for word in (
    "retail", "detal", "detaliczna", "розн", "розница", "розничная", "роздрібна", "perakende", "λιανική", "λιανικής",
    "list", "listino", "liste", "listen", "pvp", "public", "mpc",
))  # fmt: skip
#: With one of these a name is about something beside the field.
_OTHER = frozenset(normal(word) for word in (
    "promo", "promotion", "sale", "special", "aktion", "aktions", "angebot", "angebots", "акция", "delivery",
    "shipping", "versand", "dostawa", "dostawy", "doprava", "dopravy", "group", "gruppe", "grupa", "currency", "valid",
    "date", "datum", "von", "bis", "from", "ab", "staffel", "tier", "steps", "discount", "rabatt", "rabat", "zlava",
    "sleva", "tax", "vat", "mwst", "steuer", "steuersatz", "iva", "tva", "kdv", "dph", "moms", "alv", "ндс", "пдв",
    "φπα", "rate", "id", "type", "old", "basis", "grund", "baseprice", "per", "pro", "history", "change",
    "changed", "updated", "margin", "markup", "rating", "count", "min", "minimum", "minimal", "impact", "low", "max",
    "maximum", "threshold",
    "company", "file", "seo", "meta", "user", "customer", "order", "url", "link", "slug", "active", "visible", "parent",
    "related", "cross", "up", "length", "width", "height", "depth", "measure", "has", "is", "manage", "backorders",
    "future", "futura", "notes", "attribute", "option", "warehouse", "country", "packaging", "packing", "pack",
    "interval", "step", "lot", "box", "carton",
    "first", "last", "email", "phone", "city", "address", "latitude", "longitude", "track", "tracking", "forecast",
    "forecasted", "expected", "alert", "sold", "reorder",
    "pallet", "reserved", "incoming", "ordered", "factor", "flag", "level", "deposit", "pfand",
))  # fmt: skip
#: Words for numbers of articles that mean the number beside which they stand ("Code EAN").
_CODES = frozenset(normal(word) for word in (
    "code", "kod", "kodu", "codigo", "codice", "код", "κωδικος",
))  # fmt: skip
#: Words that say a price without a word for one, where the values are written as prices are.
_BARE_PRICES: Mapping[str, str] = {"net": "cost", "netto": "cost", "neto": "cost", "listino": "msrp"}
#: Beside a word for a price these make it the quantity that the price is for.
_QUANTITIES = frozenset({"quantity", "qty", "menge", "mengen", "amount", "ilosc", "cantidad", "quantite"})
#: Beside a word for a price these say how it is taxed, no more.
_TAXES = frozenset(normal(word) for word in (
    "vat", "mwst", "iva", "tva", "kdv", "dph", "moms", "alv", "ндс", "пдв", "φπα", "tax", "unit",
))  # fmt: skip
_HEADS: Mapping[str, tuple[str, ...]] = {
    "title": (
        "name", "title", "titel", "nazwa", "nom", "nombre", "nome", "naam", "namn", "navn", "bezeichnung", "titulo",
        "titre", "titolo", "nazev", "nazov", "denumire", "nume", "megnevezes", "naziv", "название", "наименование",
        "найменування", "номенклатура", "назва", "име", "τιτλος", "ονομα", "ονομασια", "artikeltext", "libelle",
        "designation", "adi", "adı", "tytul", "nimi",
    ),
    "sku": (
        "sku", "artikelnummer", "артикул", "cikkszam", "sifra", "ordernumber", "bestellnummer", "itemnumber",
        "kodu", "codigo", "codice", "code", "kod", "код", "κωδικος", "indeks", "katalog", "ugs", "partnumber",
    ),
    "gtin": ("ean", "gtin", "barcode", "upc", "barkod", "штрихкод", "strichcode", "isbn", "ean13"),
    "brand": (
        "brand", "manufacturer", "marke", "hersteller", "marque", "fabricant", "marca", "merk", "producent", "vyrobce",
        "vyrobca", "gyarto", "producator", "бренд", "производитель", "виробник", "κατασκευαστης", "marka", "varumarke",
    ),
    "category": (
        "category", "categories", "kategorie", "kategori", "categorie", "categoria", "kategoria", "warengruppe",
        "категория", "категория", "категорія", "κατηγορια", "κατηγοριες", "artikelgruppe", "kategorija",
    ),
    "stock": (
        "stock", "bestand", "lagerbestand", "lager", "stan", "stany", "voorraad", "lagersaldo", "sklad", "skladem",
        "keszlet", "stoc", "stok", "giacenza", "disponibilita", "disponibilidad", "existencias", "estoque", "zaliha",
        "остаток", "остатки", "наличие", "наявність", "залишок", "αποθεμα", "διαθεσιμοτητα", "quantity", "qty",
        "inventory",
    ),
    "image_urls": (
        "image", "images", "bild", "bilder", "zdjecie", "zdjecia", "picture", "pictures", "photo", "photos", "immagine",
        "immagini", "imagen", "imagenes", "imagem", "imagens", "afbeelding", "resim", "resimler", "resmi", "obrazek",
        "obrazok", "kep", "poza", "фото", "изображение", "картинка", "εικονα", "slika",
    ),
    "description": (
        "description", "beschreibung", "descripcion", "descrizione", "omschrijving", "opis", "popis", "leiras",
        "descriere", "aciklama", "aciklamasi", "описание", "опис", "περιγραφη", "content", "beskrivning",
    ),
    "weight": ("weight", "gewicht", "poids", "peso", "waga", "hmotnost", "suly", "greutate", "agirlik", "вес", "вага"),
}  # fmt: skip
_PRICE_WORDS, _COST_WORDS, _MSRP_WORDS = (frozenset(normal(word) for word in words) for words in (_PRICE, _COST, _MSRP))
_HEAD_WORDS = {normal(word): field for field, words in _HEADS.items() for word in words}
#: German, Dutch and the Nordic languages write the kind of a price and the price as one word.
_COMPOUND = re.compile(r"(\w{2,}?)s?(preis|pris|prijs|price)")


@repeated(8192)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, also where they are only told apart by capitals; a ``1`` at its end says nothing."""
    words = normal(_HUMP.sub(" ", name)).split()
    split = [part for word in words for part in _taken_apart(_FIRST.sub("", word))]
    return tuple(word for word in split if word)


def _taken_apart(word: str) -> tuple[str, ...]:
    compound = _COMPOUND.fullmatch(word)
    return (compound.group(1), compound.group(2)) if compound else (word,)


@repeated(8192)
def known_field(name: str) -> tuple[str, int]:
    """The field that a name as a whole says, and how sure that is (0 to 100); nothing and 0 where it says none."""
    plain = normal(name)
    if plain in BY_NAME:
        return BY_NAME[plain], 90
    words = normal(_HUMP.sub(" ", name)).split()
    apart = " ".join(words)
    if apart in BY_NAME:
        return BY_NAME[apart], 88
    if len(words) > 1 and words[-1] in LANGUAGES:
        words = words[:-1]
    words = [_FIRST.sub("", word) for word in words]
    bare = " ".join(word for word in words if word not in _NOISE)
    if bare in BY_NAME and (bare == " ".join(words) or bare not in _TOO_BARE):
        return BY_NAME[bare], 80
    return "", 0


@repeated(8192)
def field_by_words(name: str) -> tuple[str, int]:
    """The field that a word of the name stands for, and how sure that is; nothing where none does, or several do."""
    words = words_of(name)
    if not words or len(words) > _MOST_WORDS or len(name) > LONGEST_NAME:
        return "", 0
    said = frozenset(words)
    if said & _PRICE_WORDS or (said & (_MSRP_WORDS | _COST_WORDS) and len(words) == 1):
        if said & (_OTHER - _TAXES) or said & _QUANTITIES:
            return "", 0
        return _kind_of_price(said)
    if said & _OTHER:
        return "", 0
    fields = {_HEAD_WORDS[word] for word in words if word in _HEAD_WORDS}
    if fields == {"sku", "gtin"} and all(_HEAD_WORDS.get(word) != "sku" or word in _CODES for word in words):
        return "gtin", 75
    if len(fields) > 1 and _WAY.search(name):
        # A way to a value, such as "product.code": its end says what it is.
        return field_by_words(_WAY.split(name)[-1])
    return (fields.pop(), 60) if len(fields) == 1 else ("", 0)


@repeated(8192)
def price_without_word(name: str) -> str:
    """The field of a price that a name may say without a word for prices, as "Netto Cliente" does; else nothing."""
    words = words_of(name)
    if set(words) & (_OTHER | set(_HEAD_WORDS)):
        return ""
    return next((_BARE_PRICES[word] for word in words if word in _BARE_PRICES), "")


def is_retail(name: str) -> bool:
    """Whether a name says a retail price that is no mere recommendation."""
    return bool(_RETAIL & set(words_of(name)))


def is_name(cell: str) -> bool:
    """Whether a cell is a name of a column that we know, as a whole or by a word."""
    if len(cell) > LONGEST_NAME:
        return False
    return bool(known_field(cell)[0] or normal(cell) in OPTION_COLUMNS or field_by_words(cell)[0])


def may_be_a_price(name: str) -> bool:
    """Whether nothing in a name speaks against a price."""
    return not set(words_of(name)) & _OTHER


def _kind_of_price(said: frozenset[str]) -> tuple[str, int]:
    if said & _COST_WORDS:
        return "cost", 65
    if said & _MSRP_WORDS:
        return "msrp", 65
    return "price", 70
