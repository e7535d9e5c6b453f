"""A WooCommerce shop, simulated: the part of wc/v3 that orders need, with its oddities.

What it does is what a real WooCommerce 11 was seen to do: unknown parameters are ignored, its API sells what is not
there, nothing makes an order unique, and its fulfilments are switched off until somebody switches them on.
"""
