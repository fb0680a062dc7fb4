"""The clock that turns seconds into frames."""

from __future__ import annotations

import pytest

from gui_app.timeline.playback import PlaybackClock


@pytest.mark.parametrize(
    ("seconds", "speed", "frame"), [(0.0, 1, 5), (0.5, 1, 20), (0.5, 0.1, 6), (0.5, 4, 65), (0.0333, 1, 5)]
)
def test_the_frame_follows_the_clock(seconds: float, speed: float, frame: int) -> None:
    assert PlaybackClock(5, 100, 30.0, speed).frame_at(seconds) == (frame, False)


def test_without_loop_it_stops_at_the_last_frame() -> None:
    clock = PlaybackClock(0, 10, 30.0)
    assert clock.frame_at(0.29) == (8, False)
    assert clock.frame_at(0.3) == (9, True)
    assert clock.frame_at(100.0) == (9, True)


def test_with_loop_it_goes_round() -> None:
    clock = PlaybackClock(8, 10, 10.0, loop=True)
    assert [clock.frame_at(seconds)[0] for seconds in (0.0, 0.1, 0.2, 0.3, 10.2)] == [8, 9, 0, 1, 0]
    assert not clock.frame_at(1e6)[1]


def test_a_late_tick_drops_frames() -> None:
    clock = PlaybackClock(0, 1000, 120.0)
    assert clock.frame_at(1.0)[0] - clock.frame_at(0.9)[0] == 12
