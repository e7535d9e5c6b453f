"""Pictures in the data folder."""

from app.adapters.storages.folder.adapter import Folder

ADAPTER = Folder()
