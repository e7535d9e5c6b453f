"""Demo data: suppliers, products with pictures, retailers and their orders, made up by a seeded generator.

The same generator makes the launch's two thousand products and the two million variants of the benchmarks.
"""
