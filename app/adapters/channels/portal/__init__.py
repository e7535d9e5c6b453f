"""The supplier portal: the order is seen there, nothing is sent."""

from app.adapters.channels.portal.adapter import Portal

ADAPTER = Portal()
