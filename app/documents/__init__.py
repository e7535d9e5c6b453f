"""Papers that go with parcels, as PDF, in the retailer's brand and the language of the address."""
