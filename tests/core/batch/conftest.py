from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.batch.cluster import Workers, our_workers
from core.batch.worker_count import environments


@pytest.fixture(scope="package")
def workers() -> Iterator[Workers]:
    """Two, as for two GPUs."""
    with our_workers(environments(2, ("3", "7"))) as found:
        yield found
