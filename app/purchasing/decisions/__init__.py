"""Units that do not come as ordered: dearer, rejected, or never answered about; and what becomes of them."""
