"""The retailer's pages, one folder each."""
