"""The Admin GraphQL API: Shopify's published schema, executed on the simulator's state."""
