"""Store platforms, found by walking this folder."""
