"""What every format has in the dialog: a line, its options and their tooltips, a place; it is remembered."""

from __future__ import annotations

from PySide6.QtCore import Qt

from gui_app.app.main_window import MainWindow
from gui_app.export.dialog import WORDS_ROLE, ExportDialog
from gui_app.export.kinds import KINDS, estimate


def options_shown(dialog: ExportDialog) -> dict[str, str]:
    """Label and tooltip of the rows that can be seen, but for the frames."""
    form = dialog.form
    rows = {}
    for option, field in form._fields.items():
        if form._form.isRowVisible(field):
            label = form._form.labelForField(field)
            rows[label.text()] = field.toolTip()
            assert option in dialog.form.choice().format.options
    return rows


def test_every_format_is_in_the_dialog(window: MainWindow) -> None:
    dialog = window.export_dialog
    dialog.open_for()
    assert dialog.kinds.count() == len(KINDS)
    places = set()
    for row, kind in enumerate(KINDS):
        item = dialog.kinds.item(row)
        assert (item.text(), item.data(WORDS_ROLE)) == (kind.title, kind.words)
        assert item.data(Qt.ItemDataRole.UserRole) == kind.name
        assert not item.icon().isNull()
        dialog.open_for(kind.name)
        assert (dialog.title.text(), dialog.about.text()) == (kind.title, kind.about)
        assert options_shown(dialog) == {option.label: option.tip for option in kind.options}
        assert dialog.form._form.isRowVisible(dialog.form.range) == bool(kind.ranges)
        choice = dialog.form.choice()
        assert set(choice.settings) == {option.name for option in kind.options}
        assert estimate(choice, window.exporting.sizes(choice), 24)[0] > 0
        assert ("no fit yet" in dialog.words.text()) == kind.asks_fit(choice.settings)
        assert dialog.path.suffix == ("" if choice.is_folder else kind.suffix)
        places.add(dialog.path)
    assert len(places) == len(KINDS)

    for kind in KINDS:
        window.preferences.store("export_kind", kind.name)
        again = ExportDialog(window.state, window.exporting, window.preferences, window)
        assert again.kind == kind.name
        again.deleteLater()
