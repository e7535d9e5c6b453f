"""The memory that a web server's workers have in common.

It is made when this module is read, so gunicorn's first process reads it before it forks workers
(``launch/measuring.py``). Nothing else may be imported here: what the workers import is theirs.
"""

from __future__ import annotations

from app.kit.shared_recent import SharedRecent

#: 64 MB at most, used as answers come. A page of 24 products takes about 3 kB as it is kept there.
ANSWERS = SharedRecent(places=4096, room=16 * 1024 - 64)
