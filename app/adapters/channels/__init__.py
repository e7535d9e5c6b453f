"""Ways of telling suppliers of purchase orders, found by walking this folder."""
