"""Files on an SFTP server."""

from app.adapters.sources.sftp.adapter import Sftp

ADAPTER = Sftp()
