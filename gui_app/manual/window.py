"""The manual in a window of its own: pages at the left, text at the right, words to look for."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl, Slot
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QKeyEvent,
    QKeySequence,
    QShortcut,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.files.builtin_files import manual_folder
from gui_app.manual.page_view import Text
from gui_app.manual.pages import INDEX, anchor, read_pages
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change, set_sheet
from gui_app.widgets.buttons import quiet_button

SIZE = (1180, 690)
CONTENTS_WIDTH = 250
LEAST_LETTERS = 2
PLACE = Qt.ItemDataRole.UserRole


class Manual(QWidget):
    """A window with the manual; links between its pages stay in it, all others go to the system.

    Raises:
        FileError: there is no manual.
    """

    def __init__(self, parent: QWidget | None = None, folder: Path | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._folder = folder or manual_folder()
        self.pages = read_pages(self._folder)
        self.setWindowTitle("Refit · Manual")
        self.resize(*SIZE)
        self._visited: list[tuple[str, str, int]] = []
        self._at = -1
        self.contents = QTreeWidget(self)
        self.contents.setHeaderHidden(True)
        set_sheet(
            self.contents,
            "QTreeView { background: $PANEL; border: none; border-right: 1px solid $LINE; border-radius: 0; }"
            "QTreeView::item { padding: 4px 6px; }",
        )
        self.contents.setIndentation(14)
        self.contents.setRootIsDecorated(False)
        self.contents.itemActivated.connect(self._on_contents)
        self.contents.itemClicked.connect(self._on_contents)
        self.text = Text(self._folder, self)
        self.text.anchorClicked.connect(self._follow)
        self.back = quiet_button("caret-left", "Back  (Alt+Left)", self)
        self.forward = quiet_button("caret-right", "Forward  (Alt+Right)", self)
        self.back.clicked.connect(self.go_back)
        self.forward.clicked.connect(self.go_forward)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Find in the manual")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(340)
        self.search.textChanged.connect(self._on_search)
        self.search.returnPressed.connect(self.find_next)
        self.found = QLabel(self)
        self.found.setProperty("role", "secondary")
        self._build()
        for keys, what in (
            ("Alt+Left", self.go_back), ("Alt+Right", self.go_forward), ("Ctrl+F", self.search.setFocus),
        ):  # fmt: skip
            QShortcut(QKeySequence(keys), self).activated.connect(what)
        self.show_page(INDEX)
        on_theme_change(self._on_theme)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(10, 8, 10, 8)
        head.setSpacing(8)
        for widget in (self.back, self.forward, self.search, self.found):
            head.addWidget(widget)
        head.addStretch(1)
        split = QSplitter(self)
        split.addWidget(self.contents)
        split.addWidget(self.text)
        split.setStretchFactor(1, 1)
        split.setSizes([CONTENTS_WIDTH, SIZE[0] - CONTENTS_WIDTH])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(split, 1)

    @property
    def page(self) -> str:
        """The name of the page shown."""
        return self._visited[self._at][0]

    def show_page(self, name: str, place: str = "") -> None:
        """Goes to a page, at its beginning or at a heading."""
        if self._at >= 0:
            self._keep_place()
        del self._visited[self._at + 1 :]
        self._visited.append((name, place, -1))
        self._at += 1
        self._show()

    @Slot()
    def go_back(self) -> None:
        """To the page before, where it was left."""
        self._move(-1)

    @Slot()
    def go_forward(self) -> None:
        """To the page that back came from."""
        self._move(1)

    def _move(self, by: int) -> None:
        if 0 <= self._at + by < len(self._visited):
            self._keep_place()
            self._at += by
            self._show()

    def _keep_place(self) -> None:
        name, place, _ = self._visited[self._at]
        self._visited[self._at] = (name, place, self.text.verticalScrollBar().value())

    def _show(self) -> None:
        name, place, scrolled = self._visited[self._at]
        self.text.show_text(self.pages[name].text)
        if scrolled < 0:
            self.text.go_to(place)
        else:
            self.text.verticalScrollBar().setValue(scrolled)
        self.back.setEnabled(self._at > 0)
        self.forward.setEnabled(self._at + 1 < len(self._visited))
        self._list_contents()
        self._mark()

    @Slot(QUrl)
    def _follow(self, url: QUrl) -> None:
        name, place = url.path(), url.fragment()
        if url.scheme():
            QDesktopServices.openUrl(url)
        elif name in self.pages or not name:
            self.show_page(name or self.page, place)
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str((self._folder / name).resolve())))

    # The contents at the left, and what was looked for.

    def _list_contents(self) -> None:
        words = self._words
        self.contents.clear()
        for name, page in self.pages.items():
            count = page.count(words) if words else 0
            if words and not count and name != self.page:
                continue
            item = QTreeWidgetItem([f"{page.title}  ·  {count}" if count else page.title])
            item.setData(0, PLACE, (name, ""))
            self.contents.addTopLevelItem(item)
            if name == self.page:
                for heading, _ in self.text.headings:
                    below = QTreeWidgetItem([heading])
                    below.setData(0, PLACE, (name, anchor(heading)))
                    below.setForeground(0, QColor(colours.TEXT_SECONDARY))
                    item.addChild(below)
                item.setExpanded(True)
                self.contents.setCurrentItem(item)

    @Slot(QTreeWidgetItem, int)
    def _on_contents(self, item: QTreeWidgetItem, _column: int) -> None:
        # The list is made anew by it, which must not happen under the click.
        name, place = item.data(0, PLACE)
        QTimer.singleShot(0, self, partial(self.show_page, name, place))

    @property
    def _words(self) -> str:
        words = self.search.text().strip()
        return words if len(words) >= LEAST_LETTERS else ""

    @Slot()
    def _on_search(self) -> None:
        self._list_contents()
        self._mark()
        if not self.text.extraSelections():
            return
        self.text.setTextCursor(QTextCursor(self.text.document()))
        self.find_next()

    @Slot()
    def find_next(self) -> None:
        """The next place with the words, on this page or the next that has them."""
        words = self._words
        if not words or self.text.find(words):
            return
        names = list(self.pages)
        start = names.index(self.page)
        for name in [*names[start + 1 :], *names[: start + 1]]:
            if self.pages[name].count(words):
                if name != self.page:
                    self.show_page(name)
                self.text.setTextCursor(QTextCursor(self.text.document()))
                if self.text.find(words):
                    return

    def _mark(self) -> None:
        words = self._words
        marks = []
        cursor = self.text.document().find(words) if words else QTextCursor()
        while not cursor.isNull():
            mark = QTextEdit.ExtraSelection()
            mark.cursor = cursor
            mark.format.setBackground(QColor(colours.CHOSEN))
            marks.append(mark)
            cursor = self.text.document().find(words, cursor)
        self.text.setExtraSelections(marks)
        pages = sum(page.count(words) > 0 for page in self.pages.values()) if words else 0
        self.found.setText(
            "" if not words else f"on {pages} page{'s' * (pages != 1)}" if pages else "nowhere"
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape drops what is looked for, and then closes the window."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.search.text():
            self.search.clear()
        else:
            self.close()

    @Slot()
    def _on_theme(self) -> None:
        self.text.show_again()
        self._list_contents()
        self._mark()
