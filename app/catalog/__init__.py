"""What suppliers offer: products, variants, pictures, categories, and the search over them."""
