"""CSV and its relatives."""

from app.adapters.feeds.csv.adapter import Csv

ADAPTER = Csv()
