"""The values of `core.commands.inspecting.inspect_document` as tables to read."""

from __future__ import annotations

from typing import Any

from core.commands.telling.terminal import PlainTable, Terminal
from core.model.joints import FAMILY_LABEL

MOST_ROWS = 20
_MOST_NAMED = 8


def print_document(console: Terminal, document: dict[str, Any]) -> None:
    """Prints every section that the document has."""
    _heading(console, document)
    for which in ("target", "source"):
        for key, show in (("joint", _joint), ("vertex", _vertex)):
            if document.get(key, {}).get(which):
                show(console, which, document[key][which])
    if "joints" in document:
        _joints(console, document["joints"], document["frame"])
    for key, show_section in (
        ("regressor", _regressor),
        ("smpl_joints", _smpl_joints),
        ("mask", _mask),
        ("correspondence", _correspondence),
        ("comparison", print_difference),
        ("joint_set", _joint_set),
    ):
        if document.get(key):
            show_section(console, document[key])


def _heading(console: Terminal, document: dict[str, Any]) -> None:
    bodies, motion = document["bodies"], document["motion"]
    labels = " → ".join(FAMILY_LABEL[bodies[which]["family"]] for which in ("source", "target"))
    kind = "built-in bodies" if bodies["builtin"] else f"models in {bodies['folder']}"
    where = ""
    if motion is not None:
        what = "fit of " if motion["fit"] else ""
        where = f" · {what}{motion['file']}, {motion['frames']} frames"
    pose = "" if document["frame"] is None else f" · frame {document['frame']}"
    if document["frame"] is None and (motion is None or "joint" in document):
        pose = " · rest pose"
    console.print(f"Refit · {labels} · {kind}{where}{pose}", style="bold", soft_wrap=True)
    for note in document["notes"]:
        console.print(f"  {note}", style="dim", soft_wrap=True)


def _joints(console: Terminal, joints: list[dict[str, Any]], frame: int | None) -> None:
    columns = [
        (key, title)
        for key, title in (
            ("regressed_mm", "regressed"),
            ("regressed_max_mm", "max"),
            ("error_mm", "error"),
            ("error_max_mm", "max"),
        )
        if any(joint.get(key) is not None for joint in joints)
    ]
    table = _table("joint", "parent", "made of", right=tuple(title for _, title in columns))
    for joint in joints:
        if joint["kind"] != "landmark":
            one = joint["kind"] == "vertex"
            made_of = "one vertex" if one else f"{joint['vertices']} vertices"
            cells = [cell(joint[key]) for key, _ in columns]
            table.add_row(joint["name"], joint["parent"] or "–", made_of, *cells)
    console.print()
    console.print(table)
    landmarks = sum(joint["kind"] == "landmark" for joint in joints)
    if landmarks:
        console.print(f"and {landmarks} landmarks on triangles of the face: --json lists them", style="dim")
    over = "in this frame" if frame is not None else "mean and largest over the motion"
    if columns:
        console.print(f"mm, {over}; regressed: J_regressor on the posed mesh, from the chain's", style="dim")
    if any(key == "error_mm" for key, _ in columns):
        console.print("error: from the other body's joint of that name", style="dim")


def _joint(console: Terminal, which: str, joint: dict[str, Any]) -> None:
    place = ", ".join(cell(value, 3) for value in joint["place_m"])
    rows = [
        ("kind", joint["kind"]),
        ("parent", joint["parent"] or "none"),
        ("place", f"{place} m"),
        ("support", f"{len(joint['support'])} vertices, {joint['negative']} with negative weights"),
        ("sum of weights", cell(joint["sum"], 4)),
        ("spread", f"{cell(joint['spread_mm'])} mm"),
    ]
    if joint["invalid_share"] is not None:
        rows.append(("on invalid vertices", _percent(joint["invalid_share"])))
    over = " (mean over the motion)" if "error_max_mm" in joint else ""
    if joint["regressed_mm"] is not None:
        rows.append(("regressed to chain", f"{cell(joint['regressed_mm'])} mm{over}"))
    if joint["error_mm"] is not None:
        rows.append(("to the other body's", f"{cell(joint['error_mm'])} mm{over}"))
    facts(console, f"{joint['name']} of the {which}", rows)
    table = _table(right=("vertex", "weight", "share", "distance, mm"), last=("valid",))
    for entry in joint["support"][:MOST_ROWS]:
        table.add_row(
            str(entry["vertex"]),
            f"{entry['weight']:.5f}",
            _percent(entry["share"]),
            cell(entry["distance_mm"]),
            {True: "yes", False: "no", None: "–"}[entry["valid"]],
        )
    console.print(table)
    _more(console, len(joint["support"]))


def _vertex(console: Terminal, which: str, vertex: dict[str, Any]) -> None:
    rows = [("part", vertex["part"])]
    if "why" in vertex:
        rows.append(("counts", vertex["why"]))
    skinning = ", ".join(f"{name} {weight:.3f}" for name, weight in vertex["skinning"].items())
    rows.append(("moved by", skinning))
    if "correspondence" in vertex and vertex["correspondence"]["source_vertices"]:
        row = vertex["correspondence"]
        triangle = "no triangle" if row["source_triangle"] is None else f"triangle {row['source_triangle']}"
        rows += [
            ("source", f"{triangle}, near {row['source_joint']}: {_weights(row['source_vertices'])}"),
            ("distance to it", f"{cell(row['distance_mm'])} mm in the rest pose"),
        ]
    if "correspondence" in vertex:
        rows.append(("nearest on source", f"{cell(vertex['correspondence']['nearest_mm'])} mm"))
    if "target_vertices" in vertex:
        rows.append(("target vertices", _weights(vertex["target_vertices"]) or "none"))
    facts(console, f"vertex {vertex['vertex']} of the {which}", rows)
    if not vertex["feeds"]:
        console.print("It feeds no joint.", style="dim")
        return
    table = _table("feeds", "kind", right=("weight", "share"))
    for feed in vertex["feeds"]:
        table.add_row(feed["joint"], feed["kind"], f"{feed['weight']:.5f}", _percent(feed["share"]))
    console.print(table)


def _regressor(console: Terminal, found: dict[str, Any]) -> None:
    entries, sums = found["entries_a_joint"], found["row_sums"]
    rows = [
        ("file", found["file"] or "the body's own"),
        ("size", f"{found['shape'][0]} × {found['shape'][1]}, {found['zeros_percent']:.3f} % zeros"),
        ("vertices a joint", f"{entries['min']} to {entries['max']}, mean {entries['mean']:.1f}"),
        ("negative weights", str(found["negative"])),
        ("row sums", f"{sums['min']:.6f} to {sums['max']:.6f}"),
        ("left/right", f"joints off by at most {cell(found['symmetry_max_mm'], 3)} mm"),
    ]
    rows += [("note", note) for note in found.get("notes", ())]
    if "against_the_bodys_own" in found:
        apart = found["against_the_bodys_own"]
        off = f"{cell(apart['mean_mm'])} mm on average, {cell(apart['max_mm'])} at {apart['worst_joint']}"
        rows.append(("to the body's own", "the same" if apart["same"] else off))
    facts(console, f"J_regressor of the {found['body']}", rows)


def _smpl_joints(console: Terminal, found: dict[str, Any]) -> None:
    worst = sorted(found["joint_mm"].items(), key=lambda item: -(item[1] or 0))[:3]
    rows = [
        ("mean, max", f"{cell(found['mean_mm'])}, {cell(found['max_mm'])} mm"),
        ("regressed from both", f"{cell(found['regressed_mean_mm'])} mm"),
        ("worst", ", ".join(f"{name} {cell(value)}" for name, value in worst)),
    ]
    facts(console, "SMPL's 24 joints of the fit against the source's", rows)


def _mask(console: Terminal, found: dict[str, Any]) -> None:
    regions = found["invalid_in_regions"]
    inside = ", ".join(f"{entry['invalid']} of {entry['of']} in {name}" for name, entry in regions.items())
    joints = [f"{name} {_percent(share)}" for name, share in found["joints_touched"].items()]
    rows = [
        ("valid", f"{found['valid']}, {found['invalid']} not"),
        (
            "why",
            f"{found['no_counterpart']} without a counterpart, "
            f"{found['left_out_by_list']} excluded by mask file",
        ),
        ("where", inside or "nowhere"),
        ("edges dropped", f"{found['edges_dropped']} of {found['edges']}"),
        ("joints touched", _named(joints) or "none"),
        (
            "to the source",
            f"valid {cell(found['valid_to_source_mean_mm'])} mm on average, at most "
            f"{cell(found['valid_to_source_max_mm'])}; others at most "
            f"{cell(found['invalid_to_source_max_mm'])}",
        ),
    ]
    facts(console, "valid vertices of the target", rows)


def _correspondence(console: Terminal, found: dict[str, Any]) -> None:
    rows = [
        ("file", found["file"] or "none: the bodies share one topology"),
        ("size", f"{found['shape'][0]} × {found['shape'][1]}, {found['entries']} weights"),
        (
            "to counterparts",
            f"{cell(found['counterpart_mean_mm'])} mm on average, at most "
            f"{cell(found['counterpart_max_mm'])}, in the rest pose",
        ),
    ]
    for key, label in (
        ("empty", "empty rows"),
        ("off", "not summing to one"),
        ("negative", "negative weights"),
        ("no_triangle", "on no triangle"),
        ("across", "across the body"),
    ):
        rows.append((label, _counted(found[key])))
    rows.append(("unused source", _counted(found["unused_source_vertices"])))
    facts(console, "correspondence", rows)


def print_difference(console: Terminal, found: dict[str, Any]) -> None:
    """Prints `core.inspection.correspondence_report.difference_document`, ``with`` the name of a file."""
    over, distance = found["over_mm"], found["distance_mm"]
    for note in found["notes"]:
        console.print(note, style="yellow", soft_wrap=True)
    if found["same"]:
        facts(console, f"compared with {found['with']}", [("same", "every weight and every mark")])
        return
    rows = [
        ("in both", f"{found['both']} of {found['vertices']} vertices"),
        ("differ", ", ".join(f"{count} by more than {limit} mm" for limit, count in over.items())),
        (
            "distance",
            f"{cell(distance['mean'])} mm on average, 99 % within {cell(distance['p99'])}, at most "
            f"{cell(distance['max'])}",
        ),
        ("in this only", _counted(found["only_first"])),
        ("in the other only", _counted(found["only_second"])),
        ("count in one only", _counted(found["valid_differs"])),
    ]
    facts(console, f"compared with {found['with']}", rows)
    table = _table("part", right=("in both", *(f"> {limit} mm" for limit in over), "mean, mm", "max, mm"))
    for name, part in found["parts"].items():
        counts = [str(count) for count in (part["both"], *part["over_mm"].values())]
        table.add_row(name, *counts, cell(part["distance_mm"]["mean"]), cell(part["distance_mm"]["max"]))
    console.print(table)
    worst = [f"{one['vertex']} ({one['mm']:.1f} mm, {one['joint']})" for one in found["worst"]]
    if worst:
        console.print(f"largest: {_named(worst)}", soft_wrap=True)


def _joint_set(console: Terminal, found: dict[str, Any]) -> None:
    rows = [
        ("joints", _named(found["joints"])),
        ("written", f"{found['written']}, {found['frames']} frames"),
        (
            "speed",
            f"{found['joints_ms_per_frame']:.3f} ms a frame, {found['times_as_fast']:.0f} times as fast as "
            f"with the whole skin ({found['skin_ms_per_frame']:.2f} ms)",
        ),
    ]
    facts(console, f"joint set {found['name']} of the {found['body']}", rows)


def facts(console: Terminal, title: str, rows: list[tuple[str, str]]) -> None:
    """Prints a title and rows of a label and a value."""
    table = PlainTable(show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(label, value)
    console.print()
    console.print(title, style="bold")
    console.print(table)


def _table(*left: str, right: tuple[str, ...] = (), last: tuple[str, ...] = ()) -> PlainTable:
    table = PlainTable()
    for heading in left:
        table.add_column(heading, no_wrap=True)
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in last:
        table.add_column(heading, no_wrap=True)
    return table


def _more(console: Terminal, count: int) -> None:
    if count > MOST_ROWS:
        console.print(f"{count - MOST_ROWS} more: --json lists all", style="dim")


def _counted(ids: list[int]) -> str:
    shown = ", ".join(str(vertex) for vertex in ids[:_MOST_NAMED])
    return f"{len(ids)}: {shown}{', …' if len(ids) > _MOST_NAMED else ''}" if ids else "none"


def _named(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _weights(entries: list[dict[str, Any]]) -> str:
    return _named([f"{entry['vertex']} ({entry['weight']:.3f})" for entry in entries])


def cell(value: float | None, digits: int = 2) -> str:
    """A number as text; a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
