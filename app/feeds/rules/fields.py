"""The fields of ours that a column may hold, and the names that people and programs give such columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

#: Field → what it is, for the mapping page.
FIELDS: Mapping[str, str] = {
    "product_id": "Product id or handle: rows that share it are variants of one product",
    "title": "Title",
    "description": "Description",
    "brand": "Brand",
    "category": "Category",
    "sku": "SKU",
    "gtin": "GTIN (EAN, UPC)",
    "option1_name": "Option 1 name",
    "option1_value": "Option 1 value",
    "option2_name": "Option 2 name",
    "option2_value": "Option 2 value",
    "option3_name": "Option 3 name",
    "option3_value": "Option 3 value",
    "cost": "Wholesale price",
    "price": "Retail price (used as wholesale price where there is none)",
    "msrp": "Recommended retail price",
    "map": "Minimum advertised price",
    "weight": "Weight",
    "weight_unit": "Weight unit",
    "stock": "Stock",
    "image_urls": "Image addresses",
    "image_alt": "Image description",
    "tags": "Tags",
    "status": "Status",
    "type": "Type of row (WooCommerce)",
    "parent": "Parent (WooCommerce)",
}

#: Names of columns in plain lists, in the languages of our suppliers.
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "product_id": ("product id", "handle", "url handle", "parent sku", "group id", "item group id", "style number",
                   "modell", "produkt id", "produktnummer", "reference produit", "id producto"),
    "title": ("title", "name", "product name", "product title", "titel", "bezeichnung", "produktname", "artikelname",
              "nom", "titre", "designation", "nombre", "titulo", "nome", "titolo", "naam", "productnaam",
              "produktnamn", "nazwa", "nazwa produktu"),
    "description": ("description", "body html", "body", "long description", "beschreibung", "descripcion",
                    "descrizione", "omschrijving", "beskrivning", "opis"),
    "brand": ("brand", "vendor", "manufacturer", "marke", "hersteller", "marque", "fabricant", "marca", "merk",
              "varumarke", "marka", "producent"),
    "category": ("category", "product category", "product type", "type", "kategorie", "warengruppe", "categorie",
                 "categoria", "kategori", "kategoria", "categories", "categories x y z"),
    "sku": ("sku", "variant sku", "item number", "item no", "article number", "artikelnummer", "artikel nr", "art nr",
            "reference", "ref", "referencia", "codice", "codice articolo", "artikelcode", "indeks", "part number",
            "mpn", "supplier sku"),
    "gtin": ("gtin", "ean", "ean13", "ean code", "upc", "barcode", "variant barcode", "gtin upc ean or isbn",
             "strichcode", "code barre", "codigo de barras", "codice a barre", "streckkod", "kod ean"),
    "cost": ("cost", "wholesale price", "wholesale", "cost per item", "cost price", "net price", "dealer price",
             "einkaufspreis", "ek", "ek netto", "handlerpreis", "prix d achat", "prix achat", "prix de gros",
             "precio mayorista", "precio de coste", "prezzo ingrosso", "inkoopprijs", "inkopspris", "cena hurtowa"),
    "price": ("price", "variant price", "regular price", "retail price", "selling price", "preis", "prix", "precio",
              "prezzo", "prijs", "pris", "cena", "price tax excluded or price tax included"),
    "msrp": ("msrp", "rrp", "list price", "compare at price", "variant compare at price", "uvp", "prix conseille",
             "pvp", "pvpr", "prezzo consigliato", "adviesprijs", "rek pris", "msrp price"),
    "map": ("map", "map price", "minimum advertised price"),
    "weight": ("weight", "gewicht", "poids", "peso", "vikt", "waga"),
    "weight_unit": ("weight unit", "variant weight unit", "gewichtseinheit"),
    "stock": ("stock", "quantity", "qty", "inventory", "available", "availability quantity", "variant inventory qty",
              "inventory quantity", "bestand", "lagerbestand", "menge", "quantite", "stock disponible", "cantidad",
              "existencias", "quantita", "giacenza", "voorraad", "lager", "lagersaldo", "stan", "ilosc"),
    "image_urls": ("image urls", "image url", "images", "image", "image src", "image link", "product image url",
                   "base image", "bild", "bilder", "bild url", "image produit", "imagen", "immagine", "afbeelding",
                   "zdjecie", "image urls x y z"),
    "image_alt": ("image alt text", "image alt"),
    "tags": ("tags", "tag", "schlagworte", "keywords", "tags x y z", "etiquetas", "etiquettes"),
    "status": ("status", "state"),
    "option1_name": ("option1 name",), "option1_value": ("option1 value",),
    "option2_name": ("option2 name",), "option2_value": ("option2 value",),
    "option3_name": ("option3 name",), "option3_value": ("option3 value",),
}  # fmt: skip

#: Columns that hold an option's values and name the option themselves.
OPTION_COLUMNS: Mapping[str, str] = {
    "color": "Color", "colour": "Colour", "farbe": "Farbe", "couleur": "Couleur", "colore": "Colore", "kleur": "Kleur",
    "farg": "Färg", "kolor": "Kolor", "size": "Size", "grosse": "Größe", "groesse": "Größe", "taille": "Taille",
    "talla": "Talla", "taglia": "Taglia", "maat": "Maat", "storlek": "Storlek", "rozmiar": "Rozmiar",
    "material": "Material",
}  # fmt: skip

_NOT_WORDS = re.compile(r"[^a-z0-9]+")


def normal(name: str) -> str:
    """A column's name as names are compared: lower case, no accents, single spaces."""
    text = unicodedata.normalize("NFKD", name.replace("ß", "ss")).casefold()
    letters = "".join(char for char in text if not unicodedata.combining(char))
    return _NOT_WORDS.sub(" ", letters).strip()


BY_NAME: Mapping[str, str] = {normal(name): field for field, names in _PLAIN.items() for name in names}
