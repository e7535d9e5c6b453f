"""WooCommerce's export names its columns in the language of the shop, and means the same in each."""

from __future__ import annotations

import csv
import io

import pytest

from tests.domains.feeds.files import opened

#: The columns that count, in the order of ``ROWS``, and some that don't.
LANGUAGES = {
    "de": (
        "ID", "Typ", "Artikelnummer", "Name", "Veröffentlicht", "Beschreibung", "Vorrätig?", "Lager", "Gewicht (kg)",
        "Angebotspreis", "Regulärer Preis", "Kategorien", "Schlagwörter", "Bilder", "Übergeordnetes Produkt",
        "Attribut 1 Name", "Attribut 1 Wert(e)", "Attribut 1 Sichtbar", "Kurzbeschreibung",
    ),
    "fr": (
        "ID", "Type", "UGS", "Nom", "Publié", "Description", "En stock ?", "Stock", "Poids (kg)", "Tarif promo",
        "Tarif régulier", "Catégories", "Étiquettes", "Images", "Parent", "Nom de l’attribut 1",
        "Valeur(s) de l’attribut 1 ", "Attribut 1 visible", "Description courte",
    ),
    "es": (
        "ID", "Tipo", "SKU", "Nombre", "Publicado", "Descripción", "¿Existencias?", "Inventario", "Peso (kg)",
        "Precio rebajado", "Precio normal", "Categorías", "Etiquetas", "Imágenes", "Superior",
        "Nombre del atributo 1", "Valor(es) del atributo 1", "Atributo visible 1", "Descripción corta",
    ),
    "it": (
        "ID", "Tipo", "COD", "Nome", "Pubblicato", "Descrizione", "In stock?", "Magazzino", "Peso (kg)",
        "Prezzo in offerta", "Prezzo di listino", "Categorie", "Tag", "Immagini", "Genitore", "Attributo 1 nome",
        "Attributo 1 valore(i)", "Attributo 1 visibile", "Breve descrizione",
    ),
    "pl": (
        "ID", "Rodzaj", "SKU", "Nazwa", "Opublikowano", "Opis", "W magazynie?", "Stan magazynowy", "Waga (kg)",
        "Cena promocyjna", "Cena regularna", "Kategorie", "Tagi", "Obrazki", "Nadrzędny", "Nazwa atrybutu 1",
        "Wartość(i) atrybutu 1", "Widoczność atrybutu 1", "Krótki opis",
    ),
    "nl": (
        "ID", "Type", "Artikelnummer", "Naam", "Gepubliceerd", "Beschrijving", "Op voorraad?", "Voorraad",
        "Gewicht (kg)", "Actieprijs", "Reguliere prijs", "Categorieën", "Tags", "Afbeeldingen", "Hoofd",
        "Naam eigenschap 1", "Waarde eigenschap 1", "Zichtbare eigenschap 1", "Korte omschrijving",
    ),
    "pt": (
        "ID", "Tipo", "SKU", "Nome", "Publicado", "Descrição", "Em estoque?", "Estoque", "Peso (kg)",
        "Preço promocional", "Preço", "Categorias", "Tags", "Imagens", "Ascendente", "Nome do atributo 1",
        "Valores do atributo 1", "Visibilidade do atributo 1", "Descrição curta",
    ),
}  # fmt: skip
ROWS = (
    ("10", "variable", "tee", "Tee", "1", "<p>Long</p>", "1", "", "", "", "", "A > B", "x, y", "https://a.example/1.jpg",
     "", "Color", "Blue, Green", "1", "Short"),
    ("11", "variation", "tee-b", "Tee - Blue", "1", "", "1", "7", "0,2", "15", "20,5", "", "", "", "id:10", "Color",
     "Blue", "", ""),
    ("12", "variation", "", "Tee - Green", "1", "", "0", "0", "0,2", "", "21,5", "", "", "", "tee", "Color", "Green",
     "", ""),
    ("13", "simple, virtual", "gift", "Gift card", "1", "", "1", "", "", "", "5", "", "", "", "", "", "", "", ""),
    ("14", "simple", "mug", "Mug", "0", "", "1", "3", "0,4", "", "5", "A", "", "", "", "", "", "", ""),
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_export_is_understood_in_the_language_of_its_shop(language: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([LANGUAGES[language], *ROWS])
    file = opened(out.getvalue().encode(), currency="EUR")
    rows = list(file.rows)
    assert (file.detected["shape"], file.detected["unsure"]) == ("woocommerce", [])
    assert [(row.action, row.handle, row.sku) for row in rows] == [
        ("merged", "wc-10", ""), ("accepted", "wc-10", "tee-b"), ("accepted", "wc-10", "wc-10-green"),
        ("rejected", "", "gift"), ("accepted", "wc-14", "mug"),
    ]  # fmt: skip
    tee, blue, green, _, mug = (row.record for row in rows)
    assert (tee["title"], tee["description"], tee["category"], tee["tags"]) == (
        "Tee",
        "<p>Long</p>",
        "A > B",
        ["x", "y"],
    )
    assert [url for url, _ in tee["images"]] == ["https://a.example/1.jpg"]
    assert (blue["options"], green["options"]) == ({"Color": "Blue"}, {"Color": "Green"})
    assert (blue["cost"], blue["stock"], blue["weight_grams"], green["stock"]) == (2050, 7, 200, 0)
    assert (mug["cost"], mug["status"]) == (500, "draft")


def test_a_list_with_some_of_the_names_is_no_export() -> None:
    content = "Tipo;Codice;Nome;Prezzo di listino;Giacenza\nLampade;L-1;Lampada da tavolo;9,90;3\n"
    assert opened(content.encode(), currency="EUR").detected["shape"] == "plain"
