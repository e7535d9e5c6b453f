"""What search engines and readers of pages are told of a product: made from its data, changed by its supplier."""
