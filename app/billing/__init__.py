"""Plans: how many orders a retailer may send in a month, and how many it has sent."""
