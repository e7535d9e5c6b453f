"""The rim towards people and machines: pages, the API, and hooks."""
