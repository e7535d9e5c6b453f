"""Ways of sending e-mail, found by walking this folder."""
