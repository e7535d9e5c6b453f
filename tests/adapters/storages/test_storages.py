"""Every storage keeps, gives back and forgets; the object store's troubles come in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.adapters import registries
from app.kit.errors import AdapterError, CredentialsRefused, RateLimited, Rejected, Unavailable
from app.kit.storage import NamedStorage, TooLarge
from tests.adapters.settings import set_up
from tests.adapters.storages.bucket import BUCKET, KEY_ID, SECRET, Bucket, bucket

__all__ = ["set_up"]
KEY = "media/ab/abcd/800.webp"


@pytest.fixture
def store(set_up: Callable[..., None], tmp_path: Path) -> Iterator[Bucket]:
    pytest.importorskip("boto3", reason="the extra crossdock[s3] is not installed")
    with bucket() as running:
        set_up(
            data_dir=str(tmp_path), s3_bucket=BUCKET, s3_endpoint_url=running.url, s3_access_key_id=KEY_ID,
            s3_secret_access_key=SECRET,
        )  # fmt: skip
        yield running


@pytest.mark.parametrize("name", registries.storages.names())
def test_what_is_put_is_there_until_it_is_deleted(name: str, store: Bucket) -> None:
    storage = registries.storages.get(name)
    assert isinstance(storage, NamedStorage)
    for content in (b"first", b"second, twice as long"):
        kept = storage.put(KEY, [content[:3], content[3:]], limit=100)
        assert kept.size == len(content)
        with storage.open(KEY) as file:
            assert file.read() == content
    with pytest.raises(TooLarge):
        storage.put(KEY, [b"x" * 60, b"x" * 60], limit=100)
    with storage.open(KEY) as file:
        assert file.read() == content, "what is too large changes nothing"
    storage.delete(KEY)
    storage.delete(KEY)
    with pytest.raises(FileNotFoundError):
        storage.open(KEY)


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ((503, "SlowDown"), RateLimited),
        ((500, "InternalError"), Unavailable),
        ((403, "AccessDenied"), CredentialsRefused),
        ((400, "InvalidRequest"), Rejected),
        ((404, "NoSuchBucket"), Rejected),
    ],
)
def test_troubles_come_in_our_words(answer: tuple[int, str], raised: type[AdapterError], store: Bucket) -> None:
    store.fails_with = answer
    with pytest.raises(raised):
        registries.storages.get("s3").put(KEY, [b"x"], limit=10)


def test_a_wrong_secret_is_refused_by_the_store(store: Bucket, set_up: Callable[..., None]) -> None:
    set_up(s3_secret_access_key="another")
    with pytest.raises(CredentialsRefused):
        registries.storages.get("s3").put(KEY, [b"x"], limit=10)
    assert store.objects == {}
