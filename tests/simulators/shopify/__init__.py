"""A stateful Shopify: the Admin GraphQL API of the published schema, OAuth, webhooks, an admin and a shop front."""
