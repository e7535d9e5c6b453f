"""A supplier's file servers, simulated: HTTPS' half without TLS, and SFTP."""
