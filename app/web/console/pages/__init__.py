"""The console's pages, one folder each."""
