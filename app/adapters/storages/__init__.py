"""Where product pictures are kept, one folder each."""
