"""What a process of ours reads when it starts, for those that begin as copies of one that has read it."""

import workers.clock
import workers.relay
import workers.worker  # noqa: F401
from workers.registry import jobs

jobs()
