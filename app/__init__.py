"""Crossdock, the platform: domain packages in the middle, adapters and web pages at the rim.

``docs/architecture.md`` is the map. Importing a domain package never imports Flask.
"""
