"""National posts whose parcels are known by S10 numbers alone: two letters, nine digits, the country (UPU S10)."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import s10

#: Name, label, country, page.
_POSTS = (
    ("an_post", "An Post", "IE", "https://www.anpost.com/Post-Parcels/Track/History?item={number}"),
    (
        "ceska_posta",
        "Česká pošta",
        "CZ",
        "https://www.postaonline.cz/trackandtrace/-/zasilka/cislo?parcelNumbers={number}",
    ),
    ("chunghwa_post", "Chunghwa Post", "TW", ""),
    ("correios", "Correios", "BR", "https://rastreamento.correios.com.br/app/index.php?objetos={number}"),
    ("correos", "Correos", "ES", "https://www.correos.es/es/en/tools/tracker/items/details?tracking-number={number}"),
    (
        "ctt",
        "CTT",
        "PT",
        "https://appserver.ctt.pt/CustomerArea/PublicArea_Detail?ObjectCodeInput={number}&SearchInput={number}&IsFromPublicArea=true",
    ),
    (
        "deutsche_post",
        "Deutsche Post",
        "DE",
        "https://www.deutschepost.de/de/s/sendungsverfolgung.html?piececode={number}",
    ),
    ("elta", "ELTA", "GR", ""),
    ("hongkong_post", "Hongkong Post", "HK", ""),
    ("hrvatska_posta", "Hrvatska pošta", "HR", ""),
    ("india_post", "India Post", "IN", ""),
    ("israel_post", "Israel Post", "IL", ""),
    (
        "korea_post",
        "Korea Post",
        "KR",
        "https://service.epost.go.kr/trace.RetrieveEmsRigiTraceList.comm?POST_CODE={number}",
    ),
    ("latvijas_pasts", "Latvijas Pasts", "LV", ""),
    ("lietuvos_pastas", "Lietuvos paštas", "LT", ""),
    ("magyar_posta", "Magyar Posta", "HU", "https://posta.hu/nyomkovetes/nyitooldal?searchvalue={number}"),
    ("nz_post", "NZ Post", "NZ", "https://www.nzpost.co.nz/tools/tracking?trackid={number}"),
    ("omniva", "Omniva", "EE", ""),
    ("pos_malaysia", "Pos Malaysia", "MY", ""),
    ("posta_romana", "Poșta Română", "RO", ""),
    ("posta_slovenije", "Pošta Slovenije", "SI", ""),
    ("poste_italiane", "Poste Italiane", "IT", "https://www.poste.it/cerca/index.html#/risultati-spedizioni/{number}"),
    ("ptt", "PTT", "TR", ""),
    ("russian_post", "Russian Post", "RU", "https://www.pochta.ru/tracking?barcode={number}"),
    ("singapore_post", "Singapore Post", "SG", ""),
    ("slovenska_posta", "Slovenská pošta", "SK", ""),
    ("south_african_post", "South African Post Office", "ZA", ""),
    ("thailand_post", "Thailand Post", "TH", "https://track.thailandpost.co.th/?trackNumber={number}"),
    ("ukrposhta", "Ukrposhta", "UA", "https://track.ukrposhta.ua/tracking_EN.html?barcode={number}"),
    ("vietnam_post", "Vietnam Post", "VN", ""),
)

ADAPTERS = tuple(
    CarrierByNumber(
        name=name,
        label=label,
        page=page,
        countries=frozenset({country}),
        forms=(NumberForm(re.compile(rf"[A-Z]{{2}}[0-9]{{9}}{country}"), s10),),
    )
    for name, label, country, page in _POSTS
)
