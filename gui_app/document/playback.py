"""Where in the open motion the window is: the frame shown, whether it plays, and the frames selected."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.document import Document

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)


class Playback(QObject):
    """The frame shown, how frames follow each other, and the selection.

    Attributes:
        frame: the one shown, 0 without a motion.
        playing: frames follow each other by themselves.
        loop: after the last frame comes the first.
        speed: times faster than life, one between the ends of `SPEEDS`.
        selection: first and last selected frame, both included; None for none.

    ``frame_changed`` carries the frame; ``changed`` tells of ``playing``, ``loop`` and ``speed``.
    """

    frame_changed = Signal(int)
    changed = Signal()
    selection_changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.frame = 0
        self.playing = False
        self.loop = True
        self.speed = 1.0
        self.selection: tuple[int, int] | None = None
        document.motion_leaving.connect(self._on_leaving)
        document.motion_ready.connect(self._on_ready)

    def set_frame(self, frame: int) -> None:
        """Shows a frame, as near to ``frame`` as there is one."""
        if self._document.opened is None:
            return
        frame = self._nearest(frame)
        if frame != self.frame:
            self.frame = frame
            self.frame_changed.emit(frame)

    def go_to(self, frame: int) -> None:
        """Stops and shows a frame."""
        self.set_playing(False)
        self.set_frame(frame)

    def step(self, by: int, *_: object) -> None:
        """Stops and goes ``by`` frames on."""
        self.go_to(self.frame + by)

    def set_selection(self, selection: tuple[int, int] | None) -> None:
        """Selects the frames from the first to the last of two, both included; None selects none."""
        if selection is not None:
            first, last = sorted(self._nearest(frame) for frame in selection)
            selection = (first, last)
        if selection != self.selection:
            self.selection = selection
            self.selection_changed.emit()

    def set_in(self, frame: int) -> None:
        """The selection begins here; it ends where it did, or with the motion where that lies before."""
        last = self._document.frames - 1
        frame, (_, out) = self._nearest(frame), self.selection or (0, last)
        self._select_part(frame, out if frame <= out else last)

    def set_out(self, frame: int) -> None:
        """The selection ends here; it begins where it did, or with the motion where that lies after."""
        frame, (start, _) = self._nearest(frame), self.selection or (0, 0)
        self._select_part(start if start <= frame else 0, frame)

    @Slot()
    def clear_in(self) -> None:
        """The selection begins with the motion."""
        if self.selection is not None:
            self._select_part(0, self.selection[1])

    @Slot()
    def clear_out(self) -> None:
        """The selection ends with the motion."""
        if self.selection is not None:
            self._select_part(self.selection[0], self._document.frames - 1)

    def _select_part(self, first: int, last: int) -> None:
        """Selects these; all of the motion is no selection."""
        self.set_selection(None if (first, last) == (0, self._document.frames - 1) else (first, last))

    def set_playing(self, playing: bool) -> None:
        """Plays or pauses; from the last frame, or that of the selection, it starts over."""
        playing = playing and self._document.frames > 1
        if playing == self.playing:
            return
        first, last = self.selection or (0, self._document.frames - 1)
        if playing and self.frame == last:
            self.set_frame(first)
        self.playing = playing
        self.changed.emit()

    def set_loop(self, loop: bool) -> None:
        """Whether playing goes on from the first frame after the last."""
        if loop != self.loop:
            self.loop = loop
            self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """Plays this many times faster than life."""
        speed = min(max(speed, SPEEDS[0]), SPEEDS[-1])
        if speed != self.speed:
            self.speed = speed
            self.changed.emit()

    def _nearest(self, frame: int) -> int:
        """The frame of the motion that is nearest to ``frame``."""
        return min(max(int(frame), 0), self._document.frames - 1)

    @Slot()
    def _on_leaving(self) -> None:
        self.set_playing(False)
        # Told once the new motion is there: nobody can show a frame of none.
        self.frame, self.selection = 0, None

    @Slot()
    def _on_ready(self) -> None:
        self.selection_changed.emit()
        self.frame_changed.emit(0)
