"""The fields of ours that a column may hold, and the names that people and programs give such columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from app.feeds.rules.repeated import repeated

#: Steps of the wholesale price that have columns of their own.
TIER_PLACES = range(1, 7)

#: Stock at other places, which is added to it.
STOCK_PLACES = tuple(f"stock{place}" for place in range(2, 9))

#: Pictures in other columns, which are put behind the first ones.
PICTURE_PLACES = tuple(f"image_urls{place}" for place in range(2, 9))

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
    "price_tiers": "Wholesale prices by quantity, as 10=9.50 | 50=8.90",
    **{
        f"tier{place}_{part}": f"Step {place} of the wholesale price: {what}"
        for place in TIER_PLACES
        for part, what in (("quantity", "from how many units"), ("price", "price of one unit"))
    },
    "currency": "Currency of the prices",
    "price_quantity": "Units that a price is for, such as 100",
    "weight": "Weight",
    "weight_unit": "Weight unit",
    "stock": "Stock",
    **{name: f"Stock at place {name.removeprefix('stock')}, added to the stock" for name in STOCK_PLACES},
    "safety_stock": "Units that are never sold (files of stock and prices)",
    "low_stock_at": "Free units at which you want to be told (files of stock and prices)",
    "image_urls": "Image addresses",
    **{name: f"More image addresses ({name.removeprefix('image_urls')})" for name in PICTURE_PLACES},
    "image_alt": "Image description",
    "tags": "Tags",
    "status": "Status",
    "type": "Type of row (WooCommerce, Magento)",
    "parent": "Parent (WooCommerce)",
}

#: Names of columns in plain lists, in the languages of our suppliers.
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "product_id": (
        "product id", "handle", "url handle", "parent sku", "group id", "item group id", "style number", "modell",
        "produkt id", "produktnummer", "reference produit", "id producto", "itemgroup id",
        "group code", "parent id", "parent code", "model", "model no", "kod grupy", "id produktu", "style",
        "style code", "style no", "produktgruppe id", "varegruppe",
        "parent product id", "reference handle", "mainnumber", "vaterartikel",
        "kod modelu", "parentsku", "sku parent", "parent product sku",
    ),
    "title": (
        "title", "name", "product name", "product title", "titel", "bezeichnung", "produktname", "artikelname", "nom",
        "titre", "designation", "nombre", "titulo", "nome", "titolo", "naam", "productnaam", "produktnamn", "nazwa",
        "nazwa produktu", "product", "item name", "item title", "productname", "description short",
        "short name", "article name", "article", "artikelbezeichnung", "kurzbezeichnung", "benamning", "produktnavn",
        "navn", "varenavn", "nazev", "nazev produktu", "nazov", "denumire", "nume", "nume produs", "megnevezes",
        "termek neve", "naziv", "produto", "nome do produto", "nombre del producto", "nom du produit", "libelle",
        "intitule", "nome prodotto", "nome articolo", "tuotenimi", "nimi", "tytul", "naam product",
        "omschrijving kort", "names", "titles",
        "название", "наименование",
        "urun adi", "stok adi", "adi", "urun ismi", "назва", "найменування", "название товара", "номенклатура",
        "име", "τιτλος", "ονομα", "ονομασια", "toode", "pavadinimas", "nosaukums", "post title",
    ),
    "description": (
        "description", "body html", "body", "long description", "beschreibung", "descripcion", "descrizione",
        "omschrijving", "beskrivning", "opis", "desc", "details", "description long", "long text", "langtext",
        "popis", "descriere", "leiras", "beschrijving", "tekst", "full description", "body text", "kuvaus",
        "descricao",
        "aciklama", "urun aciklamasi", "detay", "описание", "опис", "περιγραφη", "post content",
        "descrizione estesa", "description longue", "descriptif", "descriptions",
    ),
    "brand": (
        "brand", "vendor", "manufacturer", "marke", "hersteller", "marque", "fabricant", "marca", "merk", "varumarke",
        "marka", "producent", "producer", "maker", "manufacturer name", "znacka", "vyrobce", "gyarto", "producator",
        "brand name", "merke", "maerke", "tuotemerkki", "fornecedor marca", "vendor name",
        "бренд", "производитель", "виробник", "марка", "κατασκευαστης", "vyrobca", "znacka vyrobku", "uretici",
        "proizvodjac", "proizvodac",
    ),
    "category": (
        "category", "product category", "product type", "type", "kategorie", "warengruppe", "categorie", "categoria",
        "kategori", "kategoria", "categories", "categories x y z", "categorytext", "category path", "category name",
        "product group", "categories path", "kategorie produktu", "categoria prodotto", "rubrique", "famille",
        "gruppe", "warengruppen", "kategoria produktu", "google product category", "grupa", "grupa towarowa",
        "kategorija", "osasto",
        "категория", "категорія", "группа", "група", "κατηγορια", "κατηγοριες", "cat", "anakategori",
        "ana kategori", "categorie produit", "product categories",
    ),
    "sku": (
        "sku", "variant sku", "item number", "item no", "article number", "artikelnummer", "artikel nr", "art nr",
        "reference", "ref", "referencia", "codice", "codice articolo", "artikelcode", "indeks", "part number", "mpn",
        "supplier sku", "item code", "item sku", "article no", "article id", "artnr", "art no", "art", "code",
        "code article", "code produit", "codigo", "codigo articulo", "cod", "cod produs", "cikkszam", "kod",
        "kod produktu", "kod towaru", "symbol", "catalog number", "varenr", "varenummer", "artikkelinummer",
        "tuotekoodi", "stock code", "product code", "model number", "vendorcode", "vendor code", "kod producenta",
        "productno", "product no", "referenz", "bestellnummer", "bestnr", "part no", "upc sku", "sifra",
        "catalogue number",
        "katalogove cislo", "katalogovy kod", "cislo produktu", "objednaci cislo",
        "артикул", "код", "код товара", "код товару", "κωδικος", "urun kodu", "stok kodu", "kodu", "barkod no",
        "kod artikla", "ugs", "internal reference", "product code sku", "custom label", "custom label sku",
        "seller sku", "variation number", "ordernumber", "sku code", "artikelnr", "bestell nr", "best nr",
        "bestellnr", "kat nr",
        "katalognummer", "katalog nr", "nr katalogowy", "numer katalogowy", "nr artykulu", "nr art", "n article",
        "article n", "no article", "numero d article", "reference fournisseur", "ref fournisseur", "artikel id",
        "ref prov", "ref proveedor", "referencia proveedor", "codice fornitore", "cod articolo", "cod fornitore",
        "artikelnumre", "artikkelnr", "varunr", "varunummer", "leverancierscode", "bestelcode",
    ),
    "gtin": (
        "gtin", "ean", "ean13", "ean code", "upc", "barcode", "variant barcode", "gtin upc ean or isbn", "strichcode",
        "code barre", "codigo de barras", "codice a barre", "streckkod", "kod ean", "ean 13", "gtin13", "gtin ean",
        "upc code", "upc ean", "ean upc", "ean nr", "barcode ean", "kod kreskowy", "carovy kod", "vonalkod",
        "cod de bare", "stregkode", "viivakoodi", "codigo ean", "ean code 13", "jan", "isbn", "gtin 13", "barcodes",
        "barkod", "штрихкод", "штрих код", "баркод", "ean kod", "ean kodu", "gtin ean upc", "isbn13", "isbn 13",
    ),
    "cost": (
        "cost", "wholesale price", "wholesale", "cost per item", "cost price", "supply price", "default unit cost",
        "net price", "dealer price",
        "einkaufspreis", "ek", "ek netto", "handlerpreis", "prix d achat", "prix achat", "prix de gros",
        "precio mayorista", "precio de coste", "prezzo ingrosso", "inkoopprijs", "inkopspris", "cena hurtowa", "net",
        "unit cost", "trade price", "buying price", "purchase price", "your price", "price net", "nettopreis",
        "netto", "netto preis", "ek preis", "handelspreis", "cena netto", "nakupni cena", "velkoobchodni cena",
        "prezzo netto", "precio neto", "prix net", "prix ht", "prix unitaire ht", "nettopris", "indkobspris",
        "innkjopspris", "pret achizitie", "beszerzesi ar", "hinta alv 0", "price ex vat", "price excl vat",
        "price excl tax", "unit price", "wholesale price net", "prix revendeur", "cost eur", "cost usd", "b2b price",
        "cena bez dph", "cena bez vat", "price without vat", "precio sin iva", "preis ohne mwst", "pris ex moms",
        "оптовая цена", "оптова ціна", "опт", "закупочная цена", "дилерская цена", "цена опт", "alis fiyati",
        "bayi fiyati", "toptan fiyat", "τιμη χονδρικης", "nabavna cijena", "nabavna cena", "veleprodajna cijena",
        "nakupna cena", "velkoobchodna cena", "cena zakupu", "cena hurt", "tukkuhinta", "ostohinta", "precio compra",
        "precio de compra", "preco de custo", "prezzo acquisto", "prezzo di acquisto",
    ),
    "price": (
        "price", "variant price", "regular price", "retail price", "selling price", "preis", "prix", "precio",
        "prezzo", "prijs", "pris", "cena", "price tax excluded or price tax included", "price vat", "cena brutto",
        "sale price", "rrp price", "price incl vat", "price inc vat", "verkaufspreis", "vk", "brutto", "bruttopreis",
        "prix ttc", "prix de vente", "prodejni cena", "cena s dph", "pret", "ar", "hinta", "preco", "current price",
        "amount",
        "precio con iva", "preis inkl mwst", "prezzo ivato", "цена",
        "ціна", "цены", "цена руб", "стоимость", "fiyat", "satis fiyati", "τιμη", "cijena", "cena produktu",
        "vkpreis", "tarif", "tarif regulier", "prix public ttc", "kaina", "hind", "цена с ндс",
    ),
    "msrp": (
        "msrp", "rrp", "list price", "compare at price", "variant compare at price", "uvp", "prix conseille", "pvp",
        "pvpr", "prezzo consigliato", "adviesprijs", "rek pris", "msrp price", "recommended price",
        "recommended retail price", "suggested retail price", "srp", "mrp", "m r p",
        "maximum retail price", "retail", "unverbindliche preisempfehlung",
        "prix public", "prix public conseille", "cena detaliczna", "doporucena cena", "pvp recomendado",
        "vejledende pris", "msrp usd",
        "розничная цена", "роздрібна ціна", "рекомендованная цена", "рекомендована ціна", "ррц", "liste fiyati",
        "perakende fiyat", "τιμη λιανικης", "listino", "prezzo di listino", "odporucana cena",
        "maloprodajna cijena", "precio pvp",
    ),
    "map": ("map", "map price", "minimum advertised price"),
    "price_tiers": (
        "price tiers", "tier prices", "price steps", "price breaks", "quantity prices", "volume prices",
        "staffelpreise", "mengenpreise", "prix degressifs", "precios por cantidad", "prezzi quantita", "staffelprijzen",
    ),
    "price_quantity": (
        "price quantity", "price unit quantity", "units per price", "price base quantity", "price basis",
        "preiseinheit", "preismenge", "prijseenheid", "prisenhet", "prisenhed", "unite de prix", "unidad de precio",
        "unita di prezzo", "jednostka ceny", "jednostka cenowa", "cenova jednotka",
    ),
    "currency": (
        "currency", "currency code", "price currency", "currency id", "currencyid", "wahrung", "waehrung", "devise",
        "monnaie", "moneda", "divisa", "valuta", "waluta", "mena", "moeda", "valuutta", "penznem", "валюта",
        "wholesale currency", "cost currency",
        "валюта цены", "para birimi", "doviz", "νομισμα", "ccy", "вал",
    ),
    "weight": (
        "weight", "gewicht", "poids", "peso", "vikt", "waga", "weight kg", "gross weight", "net weight",
        "item weight", "shipping weight", "hmotnost", "waga netto", "waga brutto", "gewicht netto", "vaegt", "vekt",
        "paino", "greutate", "suly", "pds", "poids net", "poids brut",
        "grams", "вес",
        "вага", "agirlik", "βαρος", "tezina", "masa",
    ),
    "weight_unit": ("weight unit", "variant weight unit", "gewichtseinheit", "unit of weight", "weight uom"),
    "stock": (
        "stock", "quantity", "qty", "inventory", "available", "availability quantity", "variant inventory qty",
        "inventory quantity", "bestand", "lagerbestand", "menge", "quantite", "stock disponible", "cantidad",
        "existencias", "existencia", "quantita", "current stock level", "quantity on hand", "instock",
        "giacenza", "voorraad", "lager", "lagersaldo", "stan", "ilosc", "stock quantity",
        "quantity in stock", "qty in stock", "in stock", "stock level", "on hand", "qoh", "quantity available",
        "available quantity", "available stock", "inventory level", "availability", "lager bestand", "verfugbar",
        "verfugbarkeit", "lagermenge", "anzahl", "stuckzahl", "disponibilite", "disponible", "dostepnosc",
        "dostupnost", "sklad", "skladem", "pocet", "mnozstvi", "stoc", "keszlet", "mennyiseg", "zasoba", "magazyn",
        "disponibilita", "quantite stock", "unidades", "saldo", "antal", "lagerantal", "varasto", "maara", "count",
        "amount in stock", "stock qty", "aantal", "beschikbaar",
        "количество", "остаток",
        "наличие", "наявність", "залишок", "кількість", "склад", "остатки", "stok", "stok miktari", "stok adedi",
        "miktar", "adet", "αποθεμα", "διαθεσιμοτητα", "ποσοτητα", "zaliha", "kolicina", "zasoby", "stav skladu",
        "disponibilidad", "disponibilidade", "estoque", "quantidade", "stany",
    ),
    "safety_stock": ("safety stock",),
    "low_stock_at": ("low stock at", "low stock alert", "low stock threshold"),
    "image_urls": (
        "image urls", "image url", "images", "image", "image src", "image link", "product image url", "base image",
        "bild", "bilder", "bild url", "image produit", "imagen", "immagine", "afbeelding", "zdjecie",
        "image urls x y z", "imgurl", "img", "img url", "picture", "pictures", "picture url", "photo", "photos",
        "photo url", "main image", "main image url", "primary image", "imagen principal", "image 1", "image1", "foto",
        "bild 1", "obrazek", "obrazky", "zdjecia", "zdjecie glowne", "kuva", "poza", "kep", "imagem", "fotografie",
        "фото", "изображение", "изображения", "картинка", "зображення", "resim", "resimler", "ana resim", "εικονα",
        "slika", "obrazok", "imagens", "imagenes", "immagini", "additional image link",
        "additional image links", "additional images", "more images", "weitere bilder", "image urls variant",
        "url image", "link immagine",
    ),
    "image_alt": ("image alt text", "image alt"),
    "tags": (
        "tags", "tag", "schlagworte", "keywords", "tags x y z", "etiquetas", "etiquettes", "etiquette", "теги",
        "stichworte", "suchbegriffe", "keyword",
    ),
    "status": (
        "status", "state", "product status", "active", "active 0 1", "product online", "visibility status", "estado",
        "statut",
    ),
    **{
        f"option{place}_{part}": (
            f"option{place} {part}", f"option {part} {place}", f"option {place} {part}",
            f"variant option {word} {part}", f"attribute {place} {part}",
        )
        for place, word in ((1, "one"), (2, "two"), (3, "three"))
        for part in ("name", "value")
    },
}  # fmt: skip

#: What options are called in files → by us.
_OPTIONS: Mapping[str, str] = {
    "color": "Color", "colour": "Color", "farbe": "Color", "couleur": "Color", "colore": "Color", "kleur": "Color",
    "farg": "Color", "kolor": "Color", "barva": "Color", "culoare": "Color", "szin": "Color", "farve": "Color",
    "farge": "Color", "cor": "Color", "vari": "Color", "цвет": "Color", "color name": "Color", "colour name": "Color",
    "size": "Size", "grosse": "Size", "groesse": "Size", "taille": "Size", "talla": "Size", "taglia": "Size",
    "maat": "Size", "storlek": "Size", "rozmiar": "Size", "velikost": "Size", "marime": "Size", "meret": "Size",
    "storrelse": "Size", "tamanho": "Size", "koko": "Size", "размер": "Size",
    "material": "Material", "materiau": "Material", "materiale": "Material", "materiaal": "Material",
    "materialas": "Material", "материал": "Material",
    "style": "Style",
    "farba": "Color", "renk": "Color", "χρωμα": "Color", "колір": "Color", "цвят": "Color",
    "boja": "Color", "spalva": "Color", "varvus": "Color", "цвет товара": "Color", "kolory": "Color",
    "velkost": "Size", "beden": "Size", "μεγεθος": "Size", "розмір": "Size", "velicina": "Size",
    "dydis": "Size", "suurus": "Size", "tamano": "Size",
    "scent": "Scent", "duft": "Scent", "parfum": "Scent",
    "pattern": "Pattern", "muster": "Pattern", "motif": "Pattern",
}  # fmt: skip

#: Letters that Unicode does not take apart into a plain one and an accent.
_NOT_COMPOSED = str.maketrans({
    "ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
})  # fmt: skip
_NOT_WORDS = re.compile(r"[\W_]+")


@repeated()
def normal(name: str) -> str:
    """A column's name as names are compared: lower case, no accents, single spaces."""
    text = unicodedata.normalize("NFKD", name.casefold().translate(_NOT_COMPOSED))
    letters = "".join(char for char in text if not unicodedata.combining(char))
    return _NOT_WORDS.sub(" ", letters).strip()


BY_NAME: Mapping[str, str] = {normal(name): field for field, names in _PLAIN.items() for name in names}

#: Columns that hold an option's values and name the option themselves: their names → the option's.
OPTION_COLUMNS: Mapping[str, str] = {normal(name): option for name, option in _OPTIONS.items()}


#: Field of a file → what it tells of products and variants; the options' values tell two things.
_TELLS: Mapping[str, tuple[str, ...]] = {
    "description": ("description",), "brand": ("brand",), "category": ("category",), "tags": ("tags",),
    "status": ("status",), "gtin": ("gtin",), "msrp": ("msrp",), "map": ("map_price",), "weight": ("weight_grams",),
    "option1_value": ("option_names", "options"), "image_alt": ("image_alt",),
    "price_tiers": ("price_tiers",), **{f"tier{place}_price": ("price_tiers",) for place in TIER_PLACES},
}  # fmt: skip


def untold(fields: Iterable[str]) -> frozenset[str]:
    """What a file with columns for ``fields`` says nothing about, so that it must stay as it is: names of the
    catalogue's records (``app.catalog.service``)."""
    told = {name for field in fields for name in _TELLS.get(field, ())}
    return frozenset(name for names in _TELLS.values() for name in names if name not in told)
