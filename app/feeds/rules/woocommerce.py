"""The columns of WooCommerce's export, whose names are in the language of the shop that wrote it; the kinds of its rows
(``simple``, ``variable``, ``variation``) are in English everywhere.

https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from app.feeds.rules.fields import normal

#: Field (empty: of no use) → what the column is called in English, German, French, Spanish, Italian, Polish, Dutch,
#: Portuguese, Swedish, Danish and Czech.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "product_id": ("ID", "Identyfikator"),
    "type": ("Type", "Typ", "Tipo", "Rodzaj"),
    "sku": (
        "SKU", "Artikelnummer", "Art.-Nr.", "UGS", "Référence", "COD", "Codice", "REF", "Artikelcode", "Varenummer",
        "Katalogové číslo",
    ),
    "gtin": (
        "GTIN, UPC, EAN, or ISBN", "GTIN, UPC, EAN or ISBN", "GTIN, UPC, EAN oder ISBN", "GTIN, UPC, EAN ou ISBN",
        "GTIN, UPC, EAN o ISBN", "GTIN, UPC, EAN lub ISBN", "GTIN, UPC, EAN of ISBN", "GTIN, UPC, EAN eller ISBN",
        "GTIN, UPC, EAN nebo ISBN",
    ),
    "title": ("Name", "Nom", "Nombre", "Nome", "Nazwa", "Naam", "Namn", "Navn", "Název", "Jméno"),
    "status": (
        "Published", "Veröffentlicht", "Publié", "Publicado", "Pubblicato", "Opublikowano", "Opublikowany",
        "Gepubliceerd", "Publicerad", "Udgivet", "Publikováno",
    ),
    "description": (
        "Description", "Beschreibung", "Descripción", "Descrizione", "Opis", "Beschrijving", "Descrição", "Beskrivning",
        "Beskrivelse", "Popis",
    ),
    "stock": (
        "Stock", "Lager", "Bestand", "Lagerbestand", "Lagermenge", "Inventaire", "Inventario", "Existencias",
        "Magazzino", "Giacenza", "Stan magazynowy", "Magazyn", "Zapas", "Voorraad", "Estoque", "Lagersaldo", "Sklad",
    ),
    "price": (
        "Regular price", "Regulärer Preis", "Tarif régulier", "Prix régulier", "Precio normal", "Precio regular",
        "Prezzo di listino", "Cena regularna", "Zwykła cena", "Cena", "Reguliere prijs", "Normale prijs", "Preço",
        "Preço normal", "Preço regular", "Ordinarie pris", "Normalpris", "Normal pris", "Běžná cena",
    ),
    "cost": ("Cost of goods", "Cost of goods sold", "Cost"),
    "category": (
        "Categories", "Kategorien", "Catégories", "Categorías", "Categorie", "Kategorie", "Categorieën", "Categorias",
        "Kategorier",
    ),
    "tags": (
        "Tags", "Schlagwörter", "Stichwörter", "Étiquettes", "Etiquetas", "Tag", "Tagi", "Znaczniki", "Etiketter",
        "Štítky",
    ),
    "brand": ("Brands", "Marken", "Marques", "Marcas", "Marchi", "Marki", "Merken", "Varumärken", "Mærker", "Značky"),
    "image_urls": (
        "Images", "Bilder", "Imágenes", "Immagini", "Obrazki", "Obrazy", "Zdjęcia", "Afbeeldingen", "Imagens",
        "Billeder", "Obrázky",
    ),
    "parent": (
        "Parent", "Übergeordnetes Produkt", "Übergeordnet", "Elternprodukt", "Produit parent", "Superior", "Principal",
        "Padre", "Genitore", "Nadrzędny", "Nadrzędne", "Produkt nadrzędny", "Rodzic", "Hoofd", "Hoofdproduct",
        "Bovenliggend", "Ascendente", "Pai", "Produto ascendente", "Överordnad", "Förälder", "Forælder", "Overordnet",
        "Nadřazený", "Nadřazené",
    ),
    "": (
        "Short description", "Kurzbeschreibung", "Description courte", "Descripción corta", "Breve descrizione",
        "Descrizione breve", "Krótki opis", "Korte beschrijving", "Korte omschrijving", "Descrição curta",
        "Breve descrição", "Kort beskrivning", "Kort beskrivelse", "Krátký popis",
        "Sale price", "Angebotspreis", "Tarif promo", "Prix promo", "Precio rebajado", "Precio de oferta",
        "Prezzo in offerta", "Prezzo scontato", "Cena promocyjna", "Actieprijs", "Aanbiedingsprijs",
        "Preço promocional", "Reapris", "Tilbudspris", "Zlevněná cena", "Akční cena",
        "Low stock amount", "Geringe Lagermenge", "Montant de stock faible", "Cantidad de bajo inventario",
        "Quantità bassa di magazzino", "Niski stan magazynowy", "Lage voorraad", "Quantidade baixa de estoque",
        "Download limit", "Position", "Posición", "Posizione", "Pozycja", "Positie", "Posição",
    ),
}  # fmt: skip
#: Attributes are numbered in every language: "Attribut 1 Wert(e)", "Valeur(s) de l’attribut 1", "Waarde eigenschap 1".
_ATTRIBUTE = frozenset({
    "attribute", "attribut", "attributs", "atributo", "attributo", "atrybut", "atrybutu", "eigenschap", "attribuut",
    "egenskap", "egenskab", "atribut", "atributu", "vlastnost", "vlastnosti",
})  # fmt: skip
_NAME = frozenset({"name", "nom", "nombre", "nome", "nazwa", "naam", "namn", "navn", "nazev", "jmeno"})
_VALUE = frozenset({
    "value", "values", "wert", "werte", "valeur", "valeurs", "valor", "valores", "valore", "valori", "valuta",
    "wartosc", "wartosci", "waarde", "waarden", "varde", "varden", "vaerdi", "vaerdier", "hodnota", "hodnoty",
})  # fmt: skip
_OPTIONS = 3
_WEIGHT = re.compile(r"(?:weight|gewicht|poids|peso|waga|vikt|vaegt|hmotnost) (?:kg|g|lbs|oz)")
_BY_NAME: Mapping[str, str] = {normal(name): field for field, names in _NAMES.items() for name in names}
#: What no export lacks, and what nobody else's list has besides: whether a product is published, how its attributes
#: are called.
_NEEDED = frozenset({"type", "title", "price"})
_ENGLISH = frozenset({"type", "name", "sku", "regular price"})


def is_export(names: Collection[str]) -> bool:
    """Whether columns (as ``normal`` has them) are those of WooCommerce's export, in one of its languages."""
    if set(names) >= _ENGLISH:
        return True
    fields = {_BY_NAME[name] for name in names if name in _BY_NAME}
    attributes = any(_attribute(name) for name in names)
    return fields >= _NEEDED and bool(fields & {"sku", "product_id"}) and ("status" in fields or attributes)


def fields_of(columns: Sequence[str]) -> dict[str, str]:
    """Column → field; empty for one of no use; columns of others are left out."""
    found = {}
    for column in columns:
        name = normal(column)
        # Questions are answered by 1 or 0: whether there is stock, not how much.
        known = "" if column.rstrip().endswith("?") else _BY_NAME.get(name)
        field = _attribute(name) or ("weight" if _WEIGHT.fullmatch(name) else known)
        if field is not None:
            found[column] = field
    return found


def _attribute(name: str) -> str:
    words = name.split()
    numbers = [word for word in words if word.isdigit()]
    if len(numbers) != 1 or not _ATTRIBUTE & set(words) or not 0 < int(numbers[0]) <= _OPTIONS:
        return ""
    if _VALUE & set(words):
        return f"option{int(numbers[0])}_value"
    return f"option{int(numbers[0])}_name" if _NAME & set(words) else ""
