"""Pictures in an S3-compatible store: for several machines, and for more than a disk holds. The bucket stays private;
our own pages serve what is in it. boto3 comes with the extra ``crossdock[s3]``."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, BinaryIO, cast

from app.config import settings
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.kit.storage import Stored, TooLarge

_CONNECT_SECONDS, _READ_SECONDS = 3, 15


class ObjectStore:
    """The ``NamedStorage`` port on a bucket."""

    name = "s3"

    def __init__(self) -> None:
        self._local = threading.local()

    def put(self, key: str, chunks: Iterable[bytes], *, limit: int) -> Stored:
        """One request: the object is there whole or not at all."""
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > limit:
                raise TooLarge(str(limit))
        with _in_our_words():
            self._client().put_object(Bucket=settings().s3_bucket, Key=key, Body=bytes(body))
        return Stored(len(body), hashlib.sha256(body).hexdigest())

    def open(self, key: str) -> BinaryIO:
        """The object's bytes, whole: what is kept here is small."""
        with _in_our_words():
            answer = self._client().get_object(Bucket=settings().s3_bucket, Key=key)
            return BytesIO(answer["Body"].read())

    def delete(self, key: str) -> None:
        """Remove the object."""
        with _in_our_words():
            self._client().delete_object(Bucket=settings().s3_bucket, Key=key)

    def _client(self) -> Any:
        """A client for each thread and set of settings."""
        chosen = settings()
        if getattr(self._local, "made_for", None) is not chosen:
            self._local.client, self._local.made_for = _client(), chosen
        return self._local.client


def _client() -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise Unavailable("CROSSDOCK_MEDIA_STORAGE is s3, which needs boto3: pip install 'crossdock[s3]'") from error
    chosen = settings()
    made = cast(Callable[..., Any], boto3.client)
    return made(
        "s3",
        region_name=chosen.s3_region,
        endpoint_url=chosen.s3_endpoint_url or None,
        aws_access_key_id=chosen.s3_access_key_id or None,
        aws_secret_access_key=chosen.s3_secret_access_key.get_secret_value() or None,
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": 1},
            # Stores other than Amazon's often know one host only, and no checksums of their own kind.
            s3={"addressing_style": "path" if chosen.s3_endpoint_url else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def _in_our_words() -> Iterator[None]:
    """What goes wrong, as the four adapter errors or ``FileNotFoundError``."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code = str(error.response.get("Error", {}).get("Code", ""))
        if status == 404 and code != "NoSuchBucket":
            raise FileNotFoundError(code) from error
        if status in (401, 403):
            raise CredentialsRefused(f"the object store answered {code}") from error
        if status == 429 or code in ("SlowDown", "TooManyRequests"):
            raise RateLimited("the object store asks to slow down", retry_after=5.0) from error
        if status >= 500:
            raise Unavailable(f"the object store answered {code}") from error
        raise Rejected(code, "The object store refused it.") from error
    except BotoCoreError as error:
        raise Unavailable(f"the object store: {type(error).__name__}") from error
