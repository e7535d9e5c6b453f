"""Reading across the domains: sales figures and what they say."""
