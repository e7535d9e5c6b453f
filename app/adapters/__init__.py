"""The rim: one folder speaks to one outside party. Adapters see ports and ``kit``, never tables or services."""
