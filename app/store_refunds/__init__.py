"""Money that a shop gives back to its own customer, in its own store. It is the shop's, and never in our books: asked
for here, made by the store, and written down."""
