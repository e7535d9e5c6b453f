"""A gateway that sells postage, with EasyPost's API."""
