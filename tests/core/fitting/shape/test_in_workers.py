"""What is done in workers, and how often it is handed to them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.shape.in_workers import InWorkers
from core.fitting.shape.shape_solve import ShapeFit
from tests.core.fitting.judged import clip
from tests.variants import body_pair


class Counting(ThreadPoolExecutor):
    """Workers that count what they are handed."""

    handed = 0

    def submit(self, *given: Any, **more: Any) -> Any:
        """As elsewhere."""
        self.handed += 1
        return super().submit(*given, **more)


@pytest.mark.parametrize(("chunks", "handed"), [(1, 1), (2, 3)])
def test_all_is_done_in_workers_and_of_one_chunk_in_one_go(chunks: int, handed: int) -> None:
    with Counting(1) as pool:
        workers = InWorkers(pool, chunks)

        def work() -> list[int]:
            first = workers.one(threading.get_ident)
            return [first, *workers.each(lambda _: threading.get_ident(), range(chunks))]

        found = workers.all_of(work)
        assert len(set(found)) == 1
        assert found[0] != threading.get_ident()
        assert pool.handed == handed
        # Afterwards they are handed over again, whatever became of it.
        with pytest.raises(ZeroDivisionError):
            workers.all_of(lambda: workers.one(lambda: 1 // 0))
        assert workers.one(threading.get_ident) == found[0]


def test_a_step_on_one_chunk_is_handed_over_once(monkeypatch: pytest.MonkeyPatch) -> None:
    step, counts = ShapeFit.step, list[int]()

    def counted(fit: ShapeFit) -> bool:
        pool = Counting(1)
        fit._workers._pool = pool
        done = step(fit)
        counts.append(pool.handed)
        pool.shutdown()
        return done

    monkeypatch.setattr(ShapeFit, "step", counted)
    run = FitRun(clip("walk", 0, 8), body_pair("built-in"), FitSettings(), device="cpu", threads=1)
    for _ in run:
        pass
    assert counts
    assert set(counts) == {1}
