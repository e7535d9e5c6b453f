"""What suppliers allow to be ordered as samples."""
