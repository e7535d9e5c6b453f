"""A carrier: gives tracking numbers and moves parcels along."""
