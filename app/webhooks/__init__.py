"""What programs of retailers and suppliers are told: a stream of events each, and the addresses they are sent to."""
