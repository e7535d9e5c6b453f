"""Pictures in an S3-compatible store."""

from app.adapters.storages.s3.adapter import ObjectStore

ADAPTER = ObjectStore()
