"""What was just done, as the page that follows says it: the sentence of each key that ``?done=`` may carry.

Addresses can be made by anybody; only these sentences are ever shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.kit.texts import marked as _

SENTENCES: Mapping[str, str] = {
    "address_kept": _("The address is kept."),
    "address_removed": _("The address is gone. Orders keep what they were sent to."),
    "account_by_hand": _("Noted. You are paid by bank transfer."),
    "accepted": _("Accepted."),
    "added_for_orders": _("Added. It holds for orders from now on."),
    "asked": _("Asked. The supplier is told by e-mail."),
    "answered": _("Your answer is sent."),
    "categories_confirmed": _("Confirmed. Your products stand there now."),
    "card_saved": _("Your card is saved. Orders that waited for it go on."),
    "decided": _("Decided. The supplier is told by e-mail."),
    "delivered": _("Marked as delivered."),
    "draft_added": _("Added to the import list."),
    "draft_again": _("Back in the import list."),
    "explained": _("Explained. It comes back when its amount changes."),
    "columns_confirmed": _("Saved. The file is read with these columns, and so are later ones like it."),
    "feed_added": _("Added. Test it now, or wait for the first look."),
    "feed_fetched": _("It is fetched now; reload in a moment."),
    "feed_removed": _("The feed is gone; what it brought stays."),
    "feed_tested": _("Tested. See below what came."),
    "file_discarded": _("The file was discarded; nothing changed."),
    "host_key_forgotten": _("The server's next key is remembered."),
    "invited": _("The invitation is on its way."),
    "key_networks_saved": _("Saved. It holds from the next call on."),
    "key_ended": _("The key no longer works."),
    "looked_again": _("Looked again."),
    "line_cancelled": _("The line is cancelled."),
    "listing_hidden": _("Your store stops showing it."),
    "listing_sent": _("On its way to your store."),
    "listing_sent_again": _("It is sent again."),
    "listings_sent": _("On their way to your store."),
    "location_added": _("The location is there."),
    "notices_read": _("All of it is marked as read."),
    "order_goes_on": _("The order is on its way."),
    "order_waits": _("The order still waits; see why below."),
    "paper_kept": _("The paper is kept."),
    "paper_removed": _("The paper is gone."),
    "password_changed": _("Your password is changed. Sign in with it."),
    "picture_added": _("The picture is there."),
    "picture_removed": _("The picture is gone."),
    "pictures_again": _("They are fetched again; look back in a minute."),
    "person_removed": _("Removed. This person can't sign in here any more."),
    "prices_saved": _("Saved. Prices follow within seconds."),
    "photo_kept": _("The photo is kept."),
    "return_asked": _("Asked. The supplier is told by e-mail."),
    "return_credited": _("Credited. The refund follows by itself."),
    "return_moved": _("Noted. The other side is told."),
    "rate_removed": _("The rate is gone."),
    "sample_ordered": _("The sample is ordered. It goes the way of all your orders."),
    "placement_granted": _("Granted. It is shown within a minute of its first day."),
    "placement_ended": _("Ended. It is no longer shown in a minute."),
    "role_changed": _("Changed. It holds from the next click on."),
    "saved": _("Saved."),
    "saved_for_files": _("Saved. It holds from the next file on."),
    "saved_for_orders": _("Saved. It holds for orders from now on."),
    "saved_for_store": _("Saved. Your store follows within seconds."),
    "saved_for_stores": _("Saved. Stores follow within seconds."),
    "sent_for_review": _("Sent. We look at it and write to you."),
    "shipped": _("Shipped. The shopper gets the number."),
    "rules_saved": _("Saved. Orders from now on follow these rules."),
    "skipped": _("Skipped."),
    "source_linked": _("Linked. Orders from now on may come from there."),
    "source_unlinked": _("Nothing comes from there any more."),
    "noted": _("Noted."),
    "store_connected": _("The store is connected."),
    "test_order_placed": _("The test order waits for you."),
    "test_shipped": _("Shipped. See below what the test still wants."),
    "transfer_made": _("Paid, and booked."),
    "transfer_received": _("Received, and booked. The order goes on."),
    "undone": _("Undone. Stores follow within seconds."),
    "webhook_nothing_missed": _("Nothing was missed: all of it was delivered, or is on its way."),
    "webhook_paused": _("Paused. What happens waits."),
    "webhook_removed": _("The webhook is gone."),
    "webhook_resumed": _("It goes on."),
    "webhook_sent_again": _("On its way again; reload in a moment."),
    "webhook_tested": _("The test event is on its way; reload in a moment."),
    "tried_again": _("It is tried again."),
}


def sentence(key: str | None) -> str | None:
    """The sentence of a key; None for anything else that an address holds."""
    return SENTENCES.get(key or "")
