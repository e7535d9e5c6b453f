"""XML: Google Merchant, Ceneo, YML, Heureka, BMEcat, and any other that repeats an element for each product."""

from app.adapters.feeds.xml.adapter import Xml

ADAPTER = Xml()
