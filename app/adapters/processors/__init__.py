"""Payment processors, found by walking this folder."""
