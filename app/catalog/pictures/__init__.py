"""Product pictures: fetched once from where the supplier keeps them, checked, and kept in our own sizes."""
