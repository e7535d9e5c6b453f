"""What people and programs call a product's state: on sale, not yet or no longer shown, and gone for good."""

from __future__ import annotations

from app.feeds.rules.cells import NOTHING
from app.feeds.rules.fields import normal
from app.feeds.rules.repeated import repeated
from app.feeds.rules.stock_words import is_stock_word

_ACTIVE = (
    "", "1", "a", "active", "enabled", "enable", "published", "publish", "visible", "on", "online", "live", "yes",
    "y", "true", "x", "normal", "standard", "current", "for sale", "on sale", "listed", "new", "ok", "aktiv",
    "aktiviert", "freigegeben", "sichtbar", "veröffentlicht", "ja", "neu", "im sortiment", "actif", "activé",
    "publié", "en ligne", "en vente", "oui", "activo", "activado", "habilitado", "publicado", "en venta", "sí", "si",
    "attivo", "attivato", "abilitato", "pubblicato", "visibile", "in vendita", "ativo", "ativado", "sim", "actief",
    "ingeschakeld", "gepubliceerd", "zichtbaar", "aktywny", "aktywna", "aktywne", "włączony", "opublikowany",
    "widoczny", "w sprzedaży", "tak", "aktivní", "zapnuto", "publikováno", "viditelný", "v prodeji", "ano", "aktívny",
    "áno", "aktív", "bekapcsolva", "látható", "igen", "activ", "activat", "vizibil", "da", "aktivan", "aktivno",
    "aktiven", "objavljeno", "aktiivne", "aktiivinen", "julkaistu", "käytössä", "kyllä", "jah", "aktyvus", "aktīvs",
    "taip", "jā", "publicerad", "publiceret", "publisert", "synlig", "активен", "активный", "активно", "включен",
    "включено", "опубликован", "опубликовано", "в продаже", "да", "активний", "увімкнено", "опубліковано", "так",
    "публикуван", "ενεργό", "ενεργός", "δημοσιευμένο", "ναι", "aktif", "açık", "yayında", "satışta", "evet",
)  # fmt: skip
#: ``2`` is Magento's for disabled.
_DRAFT = (
    "0", "2", "draft", "inactive", "disabled", "disable", "hidden", "invisible", "unlisted", "unpublished",
    "not published", "not visible", "not visible individually", "private", "pending", "pending review", "blocked",
    "paused", "suspended", "deactivated", "off", "offline", "no", "n", "false", "not for sale", "locked", "inaktiv",
    "deaktiviert", "gesperrt", "versteckt", "verborgen", "ausgeblendet", "unsichtbar", "entwurf", "nein",
    "nicht aktiv", "nicht sichtbar", "inactif", "désactivé", "masqué", "caché", "brouillon", "non publié",
    "hors ligne", "non", "inactivo", "desactivado", "deshabilitado", "oculto", "borrador", "inattivo", "disattivato",
    "disabilitato", "nascosto", "bozza", "non attivo", "inativo", "desativado", "rascunho", "não", "inactief",
    "uitgeschakeld", "concept", "nee", "niet actief", "nieaktywny", "nieaktywna", "nieaktywne", "wyłączony", "ukryty",
    "niewidoczny", "szkic", "nie", "neaktivní", "vypnuto", "skrytý", "skryté", "skryto", "koncept", "ne", "neaktívny",
    "inaktív", "kikapcsolva", "rejtett", "piszkozat", "nem", "inactiv", "dezactivat", "ascuns", "ciornă", "nu",
    "neaktivan", "neaktivno", "neaktiven", "skriven", "skrit", "passiv", "skjult", "dold", "utkast", "kladde", "nej",
    "nei", "avstängd", "ei aktiivinen", "piilotettu", "luonnos", "ei", "mitteaktiivne", "peidetud", "neaktyvus",
    "neaktīvs", "неактивен", "неактивный", "неактивно", "не активен", "скрыт", "скрытый", "скрыто", "отключен",
    "отключено", "выключен", "черновик", "нет", "неактивний", "приховано", "прихований", "вимкнено", "чернетка", "ні",
    "скрит", "изключен", "чернова", "не", "ανενεργό", "ανενεργός", "κρυφό", "πρόχειρο", "όχι", "pasif", "kapalı",
    "gizli", "taslak", "hayır",
)  # fmt: skip
_ENDED = (
    "archived", "ended", "discontinued", "deleted", "removed", "eol", "end of life", "obsolete", "expired", "trash",
    "phased out", "phase out", "retired", "cancelled", "canceled", "withdrawn", "delisted", "closed",
    "no longer available", "gelöscht", "archiviert", "ausgelaufen", "auslauf", "auslaufartikel", "eingestellt",
    "abgekündigt", "nicht mehr lieferbar", "supprimé", "archivé", "arrêté", "abandonné", "fin de série", "fin de vie",
    "eliminado", "archivado", "descatalogado", "descontinuado", "eliminato", "archiviato", "fuori produzione",
    "fuori catalogo", "discontinuato", "excluído", "arquivado", "verwijderd", "gearchiveerd", "uit assortiment",
    "uitlopend", "vervallen", "usunięty", "zarchiwizowany", "wycofany", "wycofane", "smazáno", "smazaný",
    "archivováno", "ukončeno", "ukončený", "vyřazeno", "zrušeno", "zmazané", "ukončené", "törölt", "archivált",
    "megszűnt", "kifutott", "șters", "arhivat", "retras", "obrisan", "ukinut", "slettet", "slettad", "raderad",
    "borttagen", "utgått", "utgår", "udgået", "arkiverad", "arkiveret", "arkivert", "poistettu", "poistunut",
    "arkistoitu", "kustutatud", "удален", "удалён", "архив", "архивный", "снят с производства",
    "снято с производства", "видалено", "архів", "знято з виробництва", "изтрит", "спрян", "διαγραμμένο",
    "καταργήθηκε", "silindi", "arşiv", "kaldırıldı", "üretimden kalktı",
)  # fmt: skip
_STATES = {
    normal(word): state
    for state, words in (("ended", _ENDED), ("active", _ACTIVE), ("draft", _DRAFT))
    for word in words
}


@repeated()
def status_of(text: str) -> str | None:
    """``active``, ``draft`` or ``ended``; None for a word that nobody knows. A word for stock says nothing of the
    state: the product is on sale."""
    word = text.strip()
    if word.lower() in NOTHING:
        return "active"
    if word.startswith("-"):
        return "draft"
    known = _STATES.get(normal(word))
    return known or ("active" if is_stock_word(word) else None)
