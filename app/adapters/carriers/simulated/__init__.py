"""The carrier of the demo and the tests."""

from app.adapters.carriers.simulated.adapter import Simulated

ADAPTER = Simulated()
