"""The manual in its window: pages, links, words looked for, both themes, with and without pictures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QTextCharFormat, QTextTable
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.errors import FileError
from core.files.builtin_files import manual_folder
from gui_app.app.main_window import MainWindow
from gui_app.manual.page_view import HEADING_PIXELS
from gui_app.manual.pages import INDEX, read_pages, without_missing
from gui_app.manual.window import Manual
from gui_app.style import colours
from gui_app.style.live_theme import switch_theme

SHOWN_MS = 5_000


@pytest.fixture
def manual(qtbot: QtBot) -> Manual:
    window = Manual()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handed to the system."""
    urls: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(urls.append(url.toString())))
    return urls


def formats(manual: Manual) -> Iterator[tuple[str, QTextCharFormat]]:
    """The pieces of the page that is shown."""
    block = manual.text.document().begin()
    while block.isValid():
        pieces = block.begin()
        while not pieces.atEnd():
            yield pieces.fragment().text(), pieces.fragment().charFormat()
            pieces += 1
        block = block.next()


def listed(manual: Manual) -> list[str]:
    return [manual.contents.topLevelItem(row).text(0) for row in range(manual.contents.topLevelItemCount())]


def follow_link(manual: Manual, link: str) -> None:
    manual.text.anchorClicked.emit(QUrl(link))


def test_the_key_opens_one_window(window: MainWindow, qtbot: QtBot) -> None:
    assert [keys.toString() for keys in window.actions_.manual.shortcuts()] == ["F1"]
    window.actions_.manual.trigger()
    window.actions_.manual.trigger()
    (manual,) = window.findChildren(Manual)
    qtbot.waitUntil(manual.isVisible, timeout=SHOWN_MS)
    assert manual.page == INDEX
    qtbot.keyClick(manual, Qt.Key.Key_Escape)
    assert not manual.isVisible()
    window.actions_.manual.trigger()
    assert manual.isVisible()


def test_a_missing_manual_is_told(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing() -> Path:
        raise FileError(tmp_path, "there is no manual")

    monkeypatch.setattr("gui_app.manual.window.manual_folder", missing)
    told: list[str] = []
    window.state.activity.failed.connect(told.append)
    window.actions_.manual.trigger()
    assert len(told) == 1
    assert "there is no manual" in told[0]


def test_links_lead_to_pages_and_back(manual: Manual, opened: list[str]) -> None:
    bar = manual.text.verticalScrollBar()
    bar.setValue(90)
    follow_link(manual, "limits.md#when-a-fit-has-failed")
    assert (manual.page, bar.value() > 0) == ("limits.md", True)
    follow_link(manual, "glossary.md")
    assert (manual.page, bar.value()) == ("glossary.md", 0)
    manual.back.click()
    manual.back.click()
    assert (manual.page, bar.value(), manual.back.isEnabled()) == (INDEX, 90, False)
    manual.forward.click()
    assert manual.page == "limits.md"
    follow_link(manual, "#when-a-frame-is-a-problem")
    assert (manual.page, manual.forward.isEnabled()) == ("limits.md", False)
    assert opened == []
    follow_link(manual, "https://smpl-x.is.tue.mpg.de")
    follow_link(manual, "../LICENSES.md")
    assert opened[0] == "https://smpl-x.is.tue.mpg.de"
    assert opened[1] == QUrl.fromLocalFile(str(manual_folder().parent / "LICENSES.md")).toString()
    assert manual.page == "limits.md"


def test_every_page_is_set_whole(manual: Manual) -> None:
    """Titles, tables and every link to a heading are there, and nothing is left as Markdown."""
    assert list(manual.pages) == [INDEX, *[name for name in manual.pages if name != INDEX]]
    assert len(listed(manual)) == len(manual.pages) > 12
    wanted: dict[str, set[str]] = {name: set() for name in manual.pages}
    headings: dict[str, set[str]] = {}
    for name, page in manual.pages.items():
        manual.show_page(name)
        document = manual.text.document()
        assert document.begin().text() == page.title
        assert next(letters for _, letters in formats(manual)).font().pixelSize() == HEADING_PIXELS[1]
        headings[name] = set(manual.text.anchors)
        for words, letters in formats(manual):
            assert "](" not in words
            if letters.isAnchor() and "://" not in letters.anchorHref():
                place, _, heading = letters.anchorHref().partition("#")
                if heading:
                    wanted[place or name].add(heading)
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                cells = [frame.cellAt(0, column) for column in range(frame.columns())]
                assert any(cell.firstCursorPosition().block().text() for cell in cells), name
    assert sum(map(len, wanted.values())) > 3
    assert {name: places - headings[name] for name, places in wanted.items() if places - headings[name]} == {}


def pictures(manual: Manual) -> list[str]:
    return [letters.toImageFormat().name() for _, letters in formats(manual) if letters.isImageFormat()]


def test_pictures_that_are_not_there_are_left_out(manual: Manual, qtbot: QtBot, tmp_path: Path) -> None:
    with_pictures = {}
    for name in manual.pages:
        manual.show_page(name)
        with_pictures[name] = pictures(manual)
    assert with_pictures[INDEX] == ["../readme/window.png"]
    assert len(with_pictures["inspect.md"]) > 3
    shutil.copytree(manual_folder(), tmp_path / "manual")
    alone = Manual(folder=tmp_path / "manual")
    qtbot.addWidget(alone)
    assert list(alone.pages) == list(manual.pages)
    for name in alone.pages:
        alone.show_page(name)
        assert pictures(alone) == []
        links = [letters.anchorHref() for _, letters in formats(alone) if letters.isAnchor()]
        assert all(
            "://" in link or not link.partition("#")[0] or link.partition("#")[0] in alone.pages
            for link in links
        )


def test_what_leads_nowhere_becomes_plain_words(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# There\n")
    text = "a [b](no.md) [c](there.md#x) ![d](no.png) [e](https://a.b)\n```\n[f](no.md)\n```\n"
    cleared = "a b [c](there.md#x) [e](https://a.b)\n```\n[f](no.md)\n```\n"
    assert without_missing(text, tmp_path).replace("  ", " ") == cleared
    with pytest.raises(FileNotFoundError):
        read_pages(tmp_path)


def test_words_are_looked_for_in_all_pages(manual: Manual, qtbot: QtBot) -> None:
    everything = listed(manual)
    qtbot.keyClicks(manual.search, "robust standard deviations")
    assert [words.partition("  ·")[0] for words in listed(manual)] == ["Manual", "Limits"]
    assert manual.found.text() == "on 1 page"
    qtbot.keyClick(manual.search, Qt.Key.Key_Return)
    assert manual.page == "limits.md"
    assert manual.text.textCursor().selectedText().lower() == "robust standard deviations"
    assert len(manual.text.extraSelections()) == 1
    manual.search.setText("xyzzy")
    assert manual.found.text() == "nowhere"
    qtbot.keyClick(manual.search, Qt.Key.Key_Return)
    assert manual.page == "limits.md"
    qtbot.keyClick(manual, Qt.Key.Key_Escape)
    assert manual.isVisible()
    assert (listed(manual), manual.found.text(), manual.text.extraSelections()) == (everything, "", [])


def test_contents_go_to_pages_and_headings(manual: Manual, qtbot: QtBot) -> None:
    manual.show_page("limits.md")
    row = list(manual.pages).index("limits.md")
    below = [manual.contents.topLevelItem(row).child(child).text(0) for child in range(2)]
    assert below == ["When a fit has failed", "When a frame is a problem"]
    manual.contents.itemClicked.emit(manual.contents.topLevelItem(row).child(1), 0)
    qtbot.waitUntil(lambda: manual.text.verticalScrollBar().value() > 0, timeout=SHOWN_MS)
    manual.contents.itemClicked.emit(manual.contents.topLevelItem(1), 0)
    qtbot.waitUntil(lambda: manual.page == "tour.md", timeout=SHOWN_MS)


def test_pages_follow_the_theme_and_keep_their_place(manual: Manual, qapp: QApplication) -> None:
    manual.show_page("command_line.md")
    bar = manual.text.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    kept = bar.value()

    def ground() -> QColor:
        code = next(
            frame
            for frame in manual.text.document().rootFrame().childFrames()
            if not isinstance(frame, QTextTable)
        )
        return code.frameFormat().background().color()

    assert ground() == QColor(colours.of("RAISED", "dark"))
    try:
        switch_theme(qapp, "light")
        assert ground() == QColor(colours.of("RAISED", "light"))
        assert abs(bar.value() - kept) < 30
    finally:
        switch_theme(qapp, "dark")
