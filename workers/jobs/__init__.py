"""The jobs: one file each, named for what it does, found by walking this folder."""
