"""Files behind an https address."""

from app.adapters.sources.https.adapter import Https

ADAPTER = Https()
