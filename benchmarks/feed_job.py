"""``python -m benchmarks.feed_job <run> check|apply``: one job for a run that a case has made, as a worker runs it.

Prints its seconds, those of the processor that it and the processes it began took, and the peak of its memory. What
follows from a change (finding new products, stores, pictures) is other jobs' and is not measured.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from uuid import UUID

from app import db
from app.feeds.events import FeedApplyWanted, FeedUploaded
from app.feeds.models import FeedRun
from app.kit.ids import new_id
from app.outbox.models import Task, TaskState
from workers.job import Run
from workers.registry import jobs
from workers.worker import make_ready

_KB_IN_MB = 1024


def main() -> None:
    """Claim a task of the job, and do it."""
    run_id, which = UUID(sys.argv[1]), sys.argv[2]
    name = f"{which}_feed"
    with db.system_scope(actor="bench"):
        with db.transaction() as session:
            supplier_id = session.get_one(FeedRun, run_id).supplier_id
            task = Task(
                id=new_id(), job=name, queue="bulk", key=str(new_id()), payload={}, attempts=1, state=TaskState.RUNNING
            )
            session.add(task)
        event = (FeedUploaded if which == "check" else FeedApplyWanted)(supplier_id=supplier_id, run_id=run_id)
        job = jobs()[name]
        make_ready()
        begun, before = time.perf_counter(), sum(os.times()[:4])
        job.function(Run(task.id, name, 1, {}), event)
        took, spent = time.perf_counter() - begun, sum(os.times()[:4]) - before
    sys.stdout.write(json.dumps({"seconds": took, "processor": spent, "peak_mb": _peak_mb()}) + "\n")


def _peak_mb() -> float:
    """The most memory that this process has held; ``getrusage`` counts what its parent held when it was made."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / _KB_IN_MB


if __name__ == "__main__":
    main()
