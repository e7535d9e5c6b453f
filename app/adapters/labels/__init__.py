"""Gateways that sell postage."""
