"""Changes of stock. None of them commits."""

from app.inventory.service.confirming import confirm_figures, confirm_together, part_from
from app.inventory.service.figures import (
    FigureResult,
    StockFigure,
    add_location,
    ensure_location,
    keep_times,
    set_figures,
    set_free,
)
from app.inventory.service.first_figures import set_first_figures
from app.inventory.service.keeping_back import (
    LOW_STOCK,
    StockChoice,
    choose_defaults,
    choose_stock,
    suppliers_to_tell,
    take_untold,
    watch_low_stock,
)
from app.inventory.service.reserving import Wanted, reserve
from app.inventory.service.restocking import restock
from app.inventory.service.settling import (
    Aside,
    commit_reservations,
    consume,
    expire,
    expire_held,
    release,
    units_set_aside,
)
from app.inventory.service.taking_back import WrongFigure, take_back
from app.inventory.service.undoing import undo_consume

__all__ = [
    "LOW_STOCK",
    "Aside",
    "FigureResult",
    "StockChoice",
    "StockFigure",
    "Wanted",
    "WrongFigure",
    "add_location",
    "choose_defaults",
    "choose_stock",
    "commit_reservations",
    "confirm_figures",
    "confirm_together",
    "consume",
    "ensure_location",
    "expire",
    "expire_held",
    "keep_times",
    "part_from",
    "release",
    "reserve",
    "restock",
    "set_figures",
    "set_first_figures",
    "set_free",
    "suppliers_to_tell",
    "take_back",
    "take_untold",
    "undo_consume",
    "units_set_aside",
    "watch_low_stock",
]
