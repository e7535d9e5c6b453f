"""The vocabulary of components that pages are written in, its two hosts, and what the browser is given."""
