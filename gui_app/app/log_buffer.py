"""What was logged lately, kept for Help ▸ Show log."""

from __future__ import annotations

import logging
from collections import deque

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from core.shown_text import shown_lines

MOST_RECORDS = 300
NOTHING = "Nothing has gone wrong since Refit was started."


class RecentLog(logging.Handler):
    """Keeps the last records as text, and lets them through to the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(asctime)s  %(levelname)s  %(message)s"))
        self._lines: deque[str] = deque(maxlen=MOST_RECORDS)
        self.last_error = ""
        """The last record that is more than a warning, as text."""

    def emit(self, record: logging.LogRecord) -> None:
        """One more record."""
        text = shown_lines(self.format(record))
        self._lines.append(text)
        if record.levelno >= logging.ERROR:
            self.last_error = text
        if logging.lastResort is not None:
            logging.lastResort.handle(record)

    def text(self) -> str:
        """All of it, the oldest first."""
        return "\n\n".join(self._lines) or NOTHING


recent_log = RecentLog()


def keep_log() -> None:
    """From now on what Refit logs is kept."""
    for name in ("core", "gui_app"):
        logger = logging.getLogger(name)
        if recent_log not in logger.handlers:
            logger.addHandler(recent_log)
            logger.propagate = False


class LogSheet(QDialog):
    """The log as text, to be read or copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Log")
        self.resize(820, 440)
        self.view = QPlainTextEdit(recent_log.text(), self)
        self.view.setReadOnly(True)
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        copy = QPushButton("Copy", self)
        copy.clicked.connect(self._copy)
        close = QPushButton("Close", self)
        close.setDefault(True)
        close.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(copy)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(14)
        column.addWidget(self.view)
        column.addLayout(row)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.view.toPlainText())
