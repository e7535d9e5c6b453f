"""Pages of postage that suppliers and retailers share: the account at a gateway, the boxes, and labels for returns."""

from app.web.postage.accounts import HEAVIEST, add_account_pages, in_words
from app.web.postage.returns import add_return_labels

__all__ = ["HEAVIEST", "add_account_pages", "add_return_labels", "in_words"]
