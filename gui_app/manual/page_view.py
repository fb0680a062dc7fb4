"""One page of the manual: Markdown set as text, in the colours of the theme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontDatabase,
    QImage,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextListFormat,
    QTextOption,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser, QWidget

from gui_app.manual.pages import anchor
from gui_app.style import colours
from gui_app.style.live_theme import set_sheet
from gui_app.tasks.coalesce import Later

TEXT_WIDTH = 900
"""Longer lines are hard to read."""
CODE_PIXELS = 12
CODE_LINE_PIXELS = 18
HEADING_PIXELS = {1: 24, 2: 18, 3: 15}
LINE_PERCENT = 130
RESIZED_MS = 120
LEAST_SIDE = 22


class Text(QTextBrowser):
    """A page, with tables, code and pictures in the colours of the theme. It fetches nothing: pictures are
    files beside the manual, and who follows links is told by ``anchorClicked``."""

    def __init__(self, folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._folder = folder
        self._text = ""
        self.anchors: dict[str, int] = {}
        self._width = 0
        self.setOpenLinks(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        set_sheet(self, "QTextBrowser { background: $PANEL; border: none; }")
        self._resized = Later(self._fit_width, self, RESIZED_MS)

    @property
    def headings(self) -> list[tuple[str, int]]:
        """Words and level of the headings below the title."""
        levels = ((block.text(), block.blockFormat().headingLevel()) for block in _blocks(self.document()))
        return [(words, level) for words, level in levels if level > 1]

    def show_text(self, text: str) -> None:
        """Shows a page from its beginning."""
        self._text = text
        self._width = self.viewport().width()
        document = self.document()
        document.setUndoRedoEnabled(False)
        document.clear()
        # Columns of tables are as wide as their longest word.
        document.setDefaultTextOption(_by_words())
        self.setMarkdown(text)
        side = self._side
        margins = QTextFrameFormat(document.rootFrame().frameFormat())
        for set_margin in (margins.setLeftMargin, margins.setRightMargin):
            set_margin(side)
        margins.setTopMargin(14)
        margins.setBottomMargin(40)
        document.rootFrame().setFrameFormat(margins)
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                _set_table(frame)
        for block in _blocks(document):
            _set_block(block)
        _frame_code(document)
        self.anchors = {}
        for block in _blocks(document):
            if block.blockFormat().headingLevel():
                self.anchors.setdefault(anchor(block.text()), block.position())

    @property
    def _side(self) -> int:
        """Left and right of the text."""
        return max(LEAST_SIDE, (self.viewport().width() - TEXT_WIDTH) // 2)

    def go_to(self, name: str) -> None:
        """Scrolls to a heading by its anchor, or to the beginning."""
        position = self.anchors.get(name)
        top = 0.0
        if position is not None:
            block = self.document().findBlock(position)
            top = self.document().documentLayout().blockBoundingRect(block).top() - 10
        self.verticalScrollBar().setValue(int(top))

    def loadResource(self, kind: int, url: QUrl | str) -> Any:
        """Pictures of the checkout, as wide as the text at the most; nothing else is fetched."""
        place = QUrl(url)
        path = self._folder / place.path()
        picture_wanted = kind == QTextDocument.ResourceType.ImageResource.value
        if not picture_wanted or place.scheme() or not path.is_file():
            return None
        ratio = self.devicePixelRatioF()
        width = self.viewport().width() - 2 * self._side
        picture = QImage(str(path))
        if picture.width() > width * ratio:
            picture = picture.scaledToWidth(round(width * ratio), Qt.TransformationMode.SmoothTransformation)
        picture.setDevicePixelRatio(ratio)
        return picture

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Margins and pictures follow, once the size is settled."""
        super().resizeEvent(event)
        self._resized.ask()

    @Slot()
    def _fit_width(self) -> None:
        if self._text and self.viewport().width() != self._width:
            self.show_again()

    def show_again(self) -> None:
        """The same place of the same page, set anew."""
        bar = self.verticalScrollBar()
        share = bar.value() / max(bar.maximum(), 1)
        self.show_text(self._text)
        bar.setValue(round(share * bar.maximum()))


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _set_block(block: QTextBlock) -> None:
    style = block.blockFormat()
    cursor = QTextCursor(block)
    level = style.headingLevel()
    if level:
        style.setTopMargin(0 if level == 1 else 20)
        style.setBottomMargin(8)
        cursor.setBlockFormat(style)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        letters = cursor.charFormat()
        letters.clearProperty(QTextFormat.Property.FontSizeAdjustment)
        letters.setProperty(QTextFormat.Property.FontPixelSize, HEADING_PIXELS.get(level, 14))
        cursor.setCharFormat(letters)
    elif _is_code(block):
        _set_code(block, cursor)
    else:
        bullets, in_table = block.textList(), cursor.currentTable() is not None
        if bullets is not None:
            as_list = bullets.format()
            as_list.setIndent(1)
            if as_list.style() == QTextListFormat.Style.ListCircle:
                as_list.setStyle(QTextListFormat.Style.ListDisc)
            bullets.setFormat(as_list)
        style.setLineHeight(LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        style.setTopMargin(0)
        style.setBottomMargin(0 if in_table else 4 if bullets is not None else 9)
        cursor.setBlockFormat(style)
        _set_words(block)


def _by_words() -> QTextOption:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    return option


def _is_code(block: QTextBlock) -> bool:
    return block.isValid() and block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)


def _set_code(block: QTextBlock, cursor: QTextCursor) -> None:
    style = QTextBlockFormat(block.blockFormat())
    for set_margin in (style.setTopMargin, style.setBottomMargin, style.setLeftMargin, style.setRightMargin):
        set_margin(0)
    # In a narrow window they go on in the next line, and nothing is out of sight.
    style.setNonBreakableLines(False)
    # Signs out of other fonts are higher.
    style.setLineHeight(CODE_LINE_PIXELS, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    cursor.setBlockFormat(style)
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
    cursor.mergeCharFormat(_code_letters())


def _frame_code(document: QTextDocument) -> None:
    """Lines of code that follow each other lie on a ground of their own."""
    stretches: list[tuple[int, int]] = []
    for block in _blocks(document):
        if _is_code(block):
            begin = stretches.pop()[0] if _is_code(block.previous()) else block.position()
            stretches.append((begin, block.position() + block.length() - 1))
    ground = QTextFrameFormat()
    ground.setBackground(QColor(colours.RAISED))
    ground.setPadding(10)
    ground.setTopMargin(4)
    ground.setBottomMargin(12)
    # The last first: a frame moves what comes after it.
    for begin, end in reversed(stretches):
        cursor = QTextCursor(document)
        cursor.setPosition(begin)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        frame = cursor.insertFrame(ground)
        # The lines at its edges have lost how they were set.
        for edge in (frame.firstCursorPosition(), frame.lastCursorPosition()):
            _set_code(edge.block(), QTextCursor(edge.block()))
        for place in (frame.firstPosition() - 1, frame.lastPosition() + 1):
            _make_low(document.findBlock(place))


def _make_low(block: QTextBlock) -> None:
    """A frame stands between lines; where there was none, an empty one was made."""
    if block.isValid() and not block.text():
        style = QTextBlockFormat()
        style.setLineHeight(2, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        QTextCursor(block).setBlockFormat(style)


def _code_letters() -> QTextCharFormat:
    letters = QTextCharFormat()
    letters.setFontFamilies(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).families())
    letters.setProperty(QTextFormat.Property.FontPixelSize, CODE_PIXELS)
    return letters


def _set_words(block: QTextBlock) -> None:
    """Code and links within a line."""
    pieces = []
    fragments = block.begin()
    while not fragments.atEnd():
        fragment = fragments.fragment()
        pieces.append((fragment.position(), fragment.length(), fragment.charFormat()))
        fragments += 1
    for position, length, words in pieces:
        cursor = QTextCursor(block.document())
        cursor.setPosition(position)
        cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
        if words.isAnchor():
            link = QTextCharFormat()
            link.setForeground(QColor(colours.ACCENT))
            link.setFontUnderline(False)
            cursor.mergeCharFormat(link)
        elif words.fontFixedPitch():
            code = _code_letters()
            code.setBackground(QColor(colours.RAISED))
            cursor.mergeCharFormat(code)


def _set_table(table: QTextTable) -> None:
    """Thin lines, a head of its own colour, and none where it is empty."""
    if not any(
        table.cellAt(0, column).firstCursorPosition().block().text() for column in range(table.columns())
    ):
        table.removeRows(0, 1)
    else:
        for column in range(table.columns()):
            cell = table.cellAt(0, column)
            ground = cell.format()
            ground.setBackground(QColor(colours.RAISED))
            cell.setFormat(ground)
    # After a head that is gone, or below code, the first cell begins with an empty line.
    first = table.cellAt(0, 0)
    begin = first.firstCursorPosition()
    if not begin.block().text() and begin.block() != first.lastCursorPosition().block():
        begin.deleteChar()
    style = table.format()
    style.setBorder(1)
    style.setBorderCollapse(True)
    style.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    style.setBorderBrush(QBrush(QColor(colours.LINE)))
    style.setCellSpacing(0)
    style.setCellPadding(6)
    style.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    style.setTopMargin(6)
    style.setBottomMargin(14)
    table.setFormat(style)
