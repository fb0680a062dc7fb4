"""Everything that can be done, once each: words, icon, shortcut and tooltip."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QAction, QIcon, QKeySequence
from PySide6.QtWidgets import QWidget

from gui_app.scene.cameras import ViewName
from gui_app.scene.skin_colours import COLOURS
from gui_app.scene.view_options import COLOURINGS, LAYERS, LAYOUTS
from gui_app.style.theme import icon
from gui_app.widgets.panels import PANEL, PANELS


@dataclass(frozen=True)
class Spec:
    """How one action presents itself; ``section`` is its heading in the list of shortcuts."""

    section: str
    text: str
    icon: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    checkable: bool = False


THREE_STAGES_TIP = "Edges, translation, vertices, as published: run each by itself and see what it does"
PUBLISHED_TIP = "The published method, as a yardstick: slow, a minute or more a frame"


MOST_CAMERAS = 4


def _of_panels(section: str) -> dict[str, Spec]:
    """The actions that show the panels of a section."""
    return {
        panel.shown_by: Spec(section, panel.title, panel.icon, (panel.key,), panel.tip, True)
        for panel in PANELS
        if panel.section == section
    }


SPECS: dict[str, Spec] = {
    "open": Spec("File", "Open…", "folder-open", ("Ctrl+O",), "Open a motion, a fit or a session"),
    "open_folder": Spec(
        "File", "Open folder…", "books", ("Ctrl+Shift+O",), "List the clips of a folder of motions or fits"
    ),
    "reading": Spec("File", "How the file is read…", "file-search", (), "Up axis, unit, hands, sides"),
    "save_session": Spec(
        "File", "Save session", "floppy-disk", ("Ctrl+S",), "Save the motion with all fits and the view"
    ),
    "save_session_as": Spec(
        "File", "Save session as…", "archive", ("Ctrl+Shift+S",), "Save the session in another file"
    ),
    "save": Spec("File", "Save fit…", "download-simple", (), "Save the fit as an AMASS file"),
    "session_motion": Spec(
        "File", "Sessions carry the motion", "", (), "It opens without the motion's own file", True
    ),
    "export": Spec("File", "Export…", "export", ("Ctrl+E",), "Write parameters, meshes, tables or a film"),
    "copy_picture": Spec("File", "Copy picture", "copy", ("Ctrl+Shift+C",), "Put the view on the clipboard"),
    "quit": Spec("File", "Quit", "sign-out", ("Ctrl+Q",), "Close Refit"),
    "undo": Spec("Edit", "Undo", "arrow-counter-clockwise", ("Ctrl+Z",)),
    "redo": Spec("Edit", "Redo", "arrow-clockwise", ("Ctrl+Shift+Z", "Ctrl+Y")),
    "fit": Spec("Fit", "Fit all", "lightning", ("Ctrl+Return",), "Fit every frame, the one shown first"),
    "fit_frame": Spec("Fit", "Fit this frame", "person", ("Ctrl+Shift+Return",), "Fit the frame shown alone"),
    "fit_selection": Spec("Fit", "Fit selection", "selection", ("Alt+Return",), "Fit the selected frames"),
    "fit_problems": Spec("Fit", "Fit problem frames", "warning", ("Ctrl+Alt+Return",)),
    "fit_people": Spec("Fit", "Fit all people", "users", ("Ctrl+Alt+P",), "Fit everybody of the scene"),
    "cancel": Spec("Fit", "Cancel", "x-circle", ("Esc",), "Stop fitting; fitted frames are kept"),
    "steps": Spec("Fit", "Iterations of this frame", "path", ("I",), "The body after each of them", True),
    "preset_fast": Spec("Fit", "Fast", "gauge", (), "Two iterations a frame, for a first look", True),
    "preset_accurate": Spec("Fit", "Accurate", "target", (), "Until an iteration gains nearly nothing", True),
    "preset_three_stages": Spec("Fit", "Three stages", "number-three", (), THREE_STAGES_TIP, True),
    "preset_published": Spec("Fit", "Published (slow)", "hourglass-medium", (), PUBLISHED_TIP, True),
    "play": Spec("Play", "Play / pause", "play", ("Space",), "Play or pause"),
    "loop": Spec("Play", "Loop", "repeat", ("L",), "Go on from the first frame after the last", True),
    "back": Spec("Play", "Previous frame", "caret-left", ("Left",), "Previous frame"),
    "forward": Spec("Play", "Next frame", "caret-right", ("Right",), "Next frame"),
    "back_ten": Spec("Play", "Ten frames back", "caret-double-left", ("Shift+Left",)),
    "forward_ten": Spec("Play", "Ten frames on", "caret-double-right", ("Shift+Right",)),
    "first": Spec("Play", "First frame", "skip-back", ("Home",), "First frame"),
    "last": Spec("Play", "Last frame", "skip-forward", ("End",), "Last frame"),
    "range_in": Spec("Play", "Set in", "align-left", ("Shift+I",), "The range begins at this frame"),
    "range_out": Spec("Play", "Set out", "align-right", ("Shift+O",), "The range ends at this frame"),
    "clear_in": Spec("Play", "Clear in", "", ("Alt+Shift+I",), "The range begins with the motion"),
    "clear_out": Spec("Play", "Clear out", "", ("Alt+Shift+O",), "The range ends with the motion"),
    "zoom_range": Spec("Play", "Zoom to range", "arrows-in-line-horizontal", ("Z",), "On the timeline"),
    "marker": Spec("Play", "Add marker", "flag", ("Shift+M",), "Give this frame a name"),
    "remove_marker": Spec("Play", "Remove marker", "", ("Alt+Shift+M",), "Remove that of this frame"),
    "previous_marker": Spec("Play", "Previous marker", "", ("Ctrl+Left",)),
    "next_marker": Spec("Play", "Next marker", "", ("Ctrl+Right",)),
    "slower": Spec("Play", "Slower", "rewind", (",",), "Play slower"),
    "faster": Spec("Play", "Faster", "fast-forward", (".",), "Play faster"),
    "previous_problem": Spec("Problems", "Previous problem", "arrow-line-left", ("[",), "Previous problem"),
    "next_problem": Spec("Problems", "Next problem", "arrow-line-right", ("]",), "Next problem"),
    "show_part": Spec("Problems", "Show where", "crosshair", (), "Go near the part that is worst"),
    **_of_panels("Problems"),
    "accept": Spec("Problems", "Accept", "check", ("K",), "Accept the chosen problems as they are"),
    "refit_rows": Spec("Problems", "Fit chosen problems again", "lightning", ("R",), "Fit them again"),
    "fix_rows": Spec("Problems", "Fix these…", "bandaids", ("X",), "Try several strategies on them"),
    "hold_before": Spec("Problems", "Before the last change", "eye", ("A",), "Hold to see it", True),
    "select_all": Spec("Problems", "Select all frames", "selection-all", ("Ctrl+A",), "Select all frames"),
    "select_none": Spec("Problems", "Select none", "selection-slash", ("Ctrl+D",), "Select no frames"),
    "before_fit": Spec("View", "Error before the last change", "clock-counter-clockwise", ("C",), "", True),
    "home": Spec("View", "Reset view", "frame-corners", ("0",), "See the whole body from the front left"),
    "front": Spec("View", "Front", "user", ("1",), "See the body from the front"),
    "behind": Spec("View", "Back", "user", ("Ctrl+1",), "See the body from behind"),
    "side": Spec("View", "Side", "user-rectangle", ("2",), "See the body from its left side"),
    "right_side": Spec("View", "Right side", "user-rectangle", ("Ctrl+2",), "See the body's right side"),
    "top": Spec("View", "Top", "arrow-line-down", ("3",), "See the body from above"),
    "save_camera": Spec("View", "Save this camera…", "bookmark-simple", ("Alt+0",), "Under a name"),
    **{
        f"camera_{number}": Spec("View", f"Saved camera {number}", "", (f"Alt+{number}",), "Look from there")
        for number in range(1, MOST_CAMERAS + 1)
    },
    "forget_cameras": Spec("View", "Forget saved cameras", "", (), "None of them stays"),
    "follow": Spec("View", "Follow the body", "person-simple-run", ("F",), "The camera goes along", True),
    "parallel": Spec("View", "Orthographic", "cube", ("O",), "Far is as large as near", True),
    "go_near": Spec("View", "Go near", "magnifying-glass-plus", ("G",), "To what is chosen, or is worst"),
    "go_back": Spec("View", "Go back", "magnifying-glass-minus", ("Shift+G",), "As it was before going near"),
    "layout_side": Spec("View", "Side by side", "columns", ("4",), "Source and fit side by side", True),
    "layout_overlay": Spec("View", "Overlay", "intersect", ("5",), "The fit, the source as a ghost", True),
    "layout_source": Spec("View", "Source only", "person", ("6",), "Only the source", True),
    "layout_fit": Spec("View", "Fit only", "person", ("7",), "Only the fit", True),
    "next_person": Spec(
        "View", "Next person", "caret-right", ("Ctrl+PgDown",), "Show and fit the next person of the file"
    ),
    "previous_person": Spec(
        "View", "Previous person", "caret-left", ("Ctrl+PgUp",), "Show and fit the person before"
    ),
    "compare": Spec(
        "View", "Compare two fits", "git-diff", ("V",), "This fit and another: how far they are apart", True
    ),
    "compare_file": Spec(
        "View", "Compare with a file…", "files", (), "The fit of a result or a session beside this one"
    ),
    "compare_recipe": Spec(
        "View", "Compare with the settings chosen", "git-branch", (), "Fit all frames behind this fit"
    ),
    "swap_fits": Spec("View", "Swap the two fits", "swap", (), "Go on with the second of them"),
    "largest_difference": Spec(
        "View", "Largest difference", "trend-up", ("Shift+V",), "Go to the frame where two fits differ most"
    ),
    "other_people": Spec(
        "View", "Show the other people", "users-three", ("U",), "Where they are; a click chooses one", True
    ),
    "error": Spec("View", "Colour by error", "palette", ("E",), "Show the error as colour on the fit", True),
    **{
        f"colour_{colour.name}": Spec("View", colour.text, "", colour.keys, colour.tip, True)
        for colour in COLOURS
    },
    "layer_skin": Spec("View", "Skin", "", (), "The surface of the bodies", True),
    "layer_wireframe": Spec("View", "Wireframe", "", ("W",), "The edges of the surface", True),
    "layer_skeleton": Spec("View", "Skeleton", "", ("B",), "Bones and joints, over the skin", True),
    "layer_ground": Spec("View", "Ground", "", (), "Grid and shadow", True),
    "layer_trajectory": Spec("View", "Pelvis path", "", (), "Where the pelvis goes over the motion", True),
    **_of_panels("View"),
    **_of_panels("Inspect"),
    "mask_brush": Spec("Inspect", "Mask brush", "paint-brush", ("N",), "Paint the mask on the fit", True),
    "mask_lasso": Spec("Inspect", "Mask lasso", "scribble-loop", ("Shift+N",), "Draw around vertices", True),
    "measure": Spec("Inspect", "Measure a distance", "ruler", ("D",), "From point to point", True),
    "remove_distance": Spec("Inspect", "Remove last distance", "", ("Shift+D",), "That was measured last"),
    "remove_distances": Spec("Inspect", "Remove all distances", "", (), "Nothing stays measured"),
    "choose_none": Spec("Inspect", "Clear selection", "x", ("Esc",), "No joint or vertex stays selected"),
    "timeline": Spec("View", "Timeline", "chart-line", ("Ctrl+T",), "Show or hide the timeline", True),
    "timeline_low": Spec("View", "Timeline: transport row only", "rows", ("Shift+T",), "Only that row", True),
    "full_view": Spec("View", "Full screen", "arrows-out", ("F11",), "Only the bodies; Esc goes back", True),
    "reset_layout": Spec("View", "Reset layout", "layout", (), "Panels and timeline where they were first"),
    "theme_dark": Spec("View", "Dark theme", "", (), "Light on dark", True),
    "theme_light": Spec("View", "Light theme", "", (), "Dark on light", True),
    "theme_system": Spec("View", "Theme as the system", "", (), "Dark or light as the rest", True),
    "models": Spec("Bodies", "Choose models folder…", "folder-notch-open", (), "Use licensed models"),
    "target_smplx": Spec("Bodies", "Fit SMPL-X", "", (), "Fit the SMPL-X body to the motion", True),
    "target_smplh": Spec("Bodies", "Fit SMPL-H", "", (), "Fit the SMPL-H body to the motion", True),
    "target_smpl": Spec("Bodies", "Fit SMPL", "", (), "Fit the SMPL body to the motion", True),
    "builtin": Spec("Bodies", "Use built-in bodies", "package", (), "Use the bodies that come with Refit"),
    "palette": Spec("Help", "Find a command…", "magnifying-glass", ("Ctrl+K",), "Find and run any command"),
    "start_page": Spec("Help", "Start page", "house", (), "Open files, and where bodies come from"),
    "manual": Spec("Help", "Manual", "book-open", ("F1",), "How everything works, page by page"),
    "report": Spec("Help", "Copy report", "clipboard-text", (), "Versions and the last error, to be sent"),
    "log": Spec("Help", "Show log", "article", (), "What went wrong lately, in detail"),
    "shortcuts": Spec("Help", "Keyboard shortcuts", "keyboard", ("?",), "Show the keyboard shortcuts"),
    "about": Spec("Help", "About Refit", "info", (), "Versions, and the bodies in use"),
    "autofit": Spec("Fit", "Fit when a motion opens", "magic-wand", (), "Start fitting at once", True),
}  # fmt: skip


def tip_with_keys(spec: Spec, tip: str) -> str:
    """A tooltip that ends with the keys."""
    keys = " or ".join(QKeySequence(key).toString() for key in spec.keys)
    return f"{tip}  ({keys})" if keys else tip


REPEATING = (
    "back", "forward", "back_ten", "forward_ten", "slower", "faster", "previous_problem", "next_problem",
    "previous_marker", "next_marker",
)  # fmt: skip


class Actions:
    """The actions of one window, by name."""

    open: QAction
    open_folder: QAction
    reading: QAction
    save: QAction
    save_session: QAction
    save_session_as: QAction
    session_motion: QAction
    export: QAction
    copy_picture: QAction
    quit: QAction
    fit: QAction
    fit_frame: QAction
    fit_selection: QAction
    fit_problems: QAction
    fit_people: QAction
    steps: QAction
    preset_fast: QAction
    preset_accurate: QAction
    preset_three_stages: QAction
    preset_published: QAction
    undo: QAction
    redo: QAction
    cancel: QAction
    play: QAction
    loop: QAction
    back: QAction
    forward: QAction
    back_ten: QAction
    forward_ten: QAction
    first: QAction
    last: QAction
    range_in: QAction
    range_out: QAction
    clear_in: QAction
    clear_out: QAction
    zoom_range: QAction
    marker: QAction
    remove_marker: QAction
    previous_marker: QAction
    next_marker: QAction
    slower: QAction
    faster: QAction
    previous_problem: QAction
    next_problem: QAction
    show_part: QAction
    problems: QAction
    accept: QAction
    refit_rows: QAction
    fix_rows: QAction
    hold_before: QAction
    select_all: QAction
    select_none: QAction
    before_fit: QAction
    home: QAction
    front: QAction
    behind: QAction
    side: QAction
    right_side: QAction
    top: QAction
    save_camera: QAction
    forget_cameras: QAction
    follow: QAction
    parallel: QAction
    go_near: QAction
    go_back: QAction
    layout_side: QAction
    layout_overlay: QAction
    layout_source: QAction
    layout_fit: QAction
    next_person: QAction
    previous_person: QAction
    compare: QAction
    compare_file: QAction
    compare_recipe: QAction
    swap_fits: QAction
    largest_difference: QAction
    other_people: QAction
    error: QAction
    layer_skin: QAction
    layer_wireframe: QAction
    layer_skeleton: QAction
    layer_ground: QAction
    layer_trajectory: QAction
    library: QAction
    stages: QAction
    runs: QAction
    parameters: QAction
    joints: QAction
    inspector: QAction
    mask: QAction
    mask_brush: QAction
    mask_lasso: QAction
    measure: QAction
    remove_distance: QAction
    remove_distances: QAction
    choose_none: QAction
    timeline: QAction
    timeline_low: QAction
    full_view: QAction
    reset_layout: QAction
    theme_dark: QAction
    theme_light: QAction
    theme_system: QAction
    models: QAction
    builtin: QAction
    target_smplx: QAction
    target_smplh: QAction
    target_smpl: QAction
    palette: QAction
    start_page: QAction
    manual: QAction
    report: QAction
    log: QAction
    shortcuts: QAction
    about: QAction
    autofit: QAction

    def __init__(self, window: QWidget) -> None:
        for name, spec in SPECS.items():
            action = QAction(icon(spec.icon) if spec.icon else QIcon(), spec.text, window)
            action.setCheckable(spec.checkable)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setAutoRepeat(name in REPEATING)
            action.setToolTip(tip_with_keys(spec, spec.tip or spec.text))
            action.setStatusTip("")
            window.addAction(action)
            setattr(self, name, action)
        self.layout_source.setIcon(icon("person", "SOURCE_WORDS"))
        self.layout_fit.setIcon(icon("person", "FIT_WORDS"))

    @property
    def presets(self) -> dict[str, QAction]:
        """By the names of the recipes."""
        return {
            "fast": self.preset_fast,
            "accurate": self.preset_accurate,
            "three-stages": self.preset_three_stages,
            "published": self.preset_published,
        }

    @property
    def targets(self) -> dict[str, QAction]:
        """By the family of the body that is fitted."""
        return {"smplx": self.target_smplx, "smplh": self.target_smplh, "smpl": self.target_smpl}

    @property
    def views(self) -> dict[ViewName, QAction]:
        """By the names of the views from which the camera looks."""
        return {
            "home": self.home,
            "front": self.front,
            "back": self.behind,
            "side": self.side,
            "right": self.right_side,
            "top": self.top,
        }

    @property
    def cameras(self) -> tuple[QAction, ...]:
        """Those that look from saved places, the first first."""
        return tuple(getattr(self, f"camera_{number}") for number in range(1, MOST_CAMERAS + 1))

    @property
    def layouts(self) -> tuple[QAction, ...]:
        """In the order of `LAYOUTS`."""
        return tuple(getattr(self, f"layout_{name}") for name in LAYOUTS)

    @property
    def colourings(self) -> tuple[QAction, ...]:
        """In the order of `COLOURINGS`."""
        return tuple(getattr(self, f"colour_{name}") for name in COLOURINGS)

    @property
    def layers(self) -> tuple[QAction, ...]:
        """In the order of `LAYERS`."""
        return tuple(getattr(self, f"layer_{name}") for name in LAYERS)

    @property
    def panels(self) -> tuple[QAction, ...]:
        """In the order of `PANELS`."""
        return tuple(self.panel(panel.name) for panel in PANELS)

    def panel(self, name: str) -> QAction:
        """That shows a panel, by the panel's name."""
        return getattr(self, PANEL[name].shown_by)

    @property
    def themes(self) -> tuple[QAction, ...]:
        """Dark, light, and as the system."""
        return self.theme_dark, self.theme_light, self.theme_system

    def set_playing(self, playing: bool) -> None:
        """The play button shows what a press would do."""
        self.play.setIcon(icon("pause" if playing else "play"))
