"""The range-of-motion clip as a table of key poses.

A key is (time in seconds, pose); a pose names the channels that differ from the relaxed stance.
Angles are degrees, lengths metres on a body whose legs measure 0.80 m from hip to ankle. Channels
ending in _l and _r belong to the left and the right side and mean the same on both:

  pelvis  sway (to the left), drop (down), shift (forward), lean (forward), roll (to the left), turn (left)
  spine   bend (forward), side (to the left), twist (to the left)
  head    nod (down), tilt (to the left), look (to the left)
  arm     raise (-90 hanging, 0 level, 90 up), front (0 sideways, 90 forward), ext (outward turn),
          elbow (flexion), pron (forearm: palm down or back), wrist (towards the palm), dev (to the thumb)
  leg     lift, fwd, out (foot from its place on the ground), heel (raised about the ball), toes (up),
          open (knee and foot outward), splay (knee further outward than the foot)
"""

from __future__ import annotations

Pose = dict[str, float]
Track = list[tuple[float, Pose]]

DURATION = 20.0
"""Seconds."""


def both(**channels: float) -> Pose:
    """The same value on both sides."""
    return {name + side: value for name, value in channels.items() for side in ("_l", "_r")}


_NEGATED = {"sway", "roll", "turn", "side", "twist", "tilt", "look"}


def mirrored(pose: Pose) -> Pose:
    """The pose reflected: left and right exchanged."""
    result = {}
    for name, value in pose.items():
        if name.endswith("_l"):
            result[name[:-2] + "_r"] = value
        elif name.endswith("_r"):
            result[name[:-2] + "_l"] = value
        else:
            result[name] = -value if name in _NEGATED else value
    return result


RELAXED_BODY: Pose = {
    **dict.fromkeys(("sway", "drop", "shift", "lean", "roll", "turn", "bend", "side", "twist"), 0.0),
    **both(raise_=-73, front=6, ext=0, elbow=14, pron=20, wrist=4, dev=0),
    **both(lift=0, fwd=0, out=0, heel=0, toes=0, open=8, splay=0),
    "drop": 0.004,
    "bend": 2.0,
}
RELAXED_HEAD: Pose = {"nod": 0.0, "tilt": 0.0, "look": 0.0}

# ---- body -----------------------------------------------------------------------------------------

_STEP_UP: Pose = {
    # left knee up, right arm forward
    "sway": -0.045,
    "drop": 0.008,
    "roll": -3,
    "turn": -5,
    "twist": 9,
    "bend": 4,
    "side": -1,
    "lift_l": 0.17,
    "fwd_l": 0.05,
    "toes_l": -22,
    "raise__r": -62,
    "front_r": 30,
    "elbow_r": 52,
    "raise__l": -70,
    "front_l": -26,
    "elbow_l": 24,
}
_STEP_DOWN: Pose = {
    # both feet on the ground, right heel about to leave
    "sway": 0.012,
    "drop": 0.014,
    "bend": 3,
    "heel_r": 10,
    "elbow_l": 28,
    "elbow_r": 28,
    "front_l": 4,
    "front_r": 4,
}
_OVERHEAD = both(raise_=76, front=8, ext=58, elbow=12, pron=0, wrist=-6)
_STRETCH: Pose = {**_OVERHEAD, "drop": -0.052, "shift": 0.045, "bend": -4, **both(heel=24)}
_ARMS_WIDE = both(raise_=4, front=10, ext=10, elbow=10, pron=0, wrist=-4)
_SQUAT: Pose = {
    "drop": 0.36,
    "shift": -0.15,
    "lean": 24,
    "bend": 26,
    **both(raise_=48, front=64, ext=0, elbow=10, pron=0, wrist=0, splay=9),
}
_GUARD = both(raise_=-50, front=28, ext=-6, elbow=86, pron=0, wrist=0)
_TWIST: Pose = {**_GUARD, "twist": 44, "turn": 13, "drop": 0.012, "heel_r": 6}
_SIDE: Pose = {
    "side": 30,
    "roll": 3,
    "sway": -0.03,
    "bend": 0,
    "raise__r": 72,
    "front_r": 4,
    "ext_r": 50,
    "elbow_r": 22,
    "pron_r": 0,
    "wrist_r": -6,
    "raise__l": -66,
    "front_l": 8,
    "elbow_l": 18,
}
_KICK_BACK: Pose = {
    "sway": 0.07,
    "drop": 0.022,
    "lean": 10,
    "roll": 2,
    "bend": 4,
    "turn": -4,
    "twist": 6,
    "lift_r": 0.15,
    "fwd_r": -0.30,
    "toes_r": -28,
    "splay_r": -3,
    "raise__r": -54,
    "front_r": 26,
    "elbow_r": 44,
    "raise__l": -56,
    "front_l": -14,
    "elbow_l": 30,
}
_KICK: Pose = {
    "sway": 0.075,
    "drop": 0.014,
    "lean": -14,
    "roll": 3,
    "bend": 22,
    "turn": 6,
    "twist": -12,
    "lift_r": 0.70,
    "fwd_r": 0.80,
    "toes_r": 32,
    "out_r": -0.03,
    "raise__l": 0,
    "front_l": 68,
    "elbow_l": 22,
    "raise__r": -52,
    "front_r": -22,
    "elbow_r": 26,
}
_PUSH_OFF: Pose = {"sway": 0.065, "drop": 0.018, "heel_r": 22, "lift_r": 0.012, "fwd_r": -0.03, "lean": 4}
_LANDING: Pose = {"sway": 0.06, "drop": 0.014, "lift_r": 0.09, "fwd_r": 0.03, "toes_r": -6, "lean": -2}
_FOREARMS = both(raise_=-62, front=30, ext=8, elbow=96, pron=62, wrist=0)


def _wrist(**channels: float) -> Pose:
    return {**_FOREARMS, **both(**channels)}


_HANDS_UP = both(raise_=-46, front=22, ext=62, elbow=104, pron=4, wrist=-4)
_HANDS_OPEN = both(raise_=-36, front=14, ext=66, elbow=96, pron=4, wrist=-12)

BODY: Track = [
    (0.00, {}),
    (0.50, {"sway": 0.006, "bend": 2.6}),
    # walk on the spot
    (0.85, mirrored(_STEP_DOWN)),
    (1.15, _STEP_UP),
    (1.45, _STEP_DOWN),
    (1.75, mirrored(_STEP_UP)),
    (2.05, mirrored(_STEP_DOWN)),
    (2.35, _STEP_UP),
    (2.65, _STEP_DOWN),
    (2.95, mirrored(_STEP_UP)),
    (3.30, {"drop": 0.010}),
    # arms out and overhead with a rise on the toes, down to the front
    (3.75, {**_ARMS_WIDE, "bend": 0}),
    (4.25, _STRETCH),
    (4.45, _STRETCH),
    (4.95, {**both(raise_=10, front=66, elbow=12, pron=0, wrist=-2), "drop": 0.02}),
    # deep squat
    (5.75, _SQUAT),
    (5.95, {**_SQUAT, "drop": 0.365}),
    (6.65, {"drop": 0.008, **both(raise_=-52, front=38, elbow=30)}),
    # trunk twist
    (7.05, _GUARD),
    (7.55, _TWIST),
    (8.20, mirrored(_TWIST)),
    (8.65, {**_GUARD, "twist": -4, "side": 2}),
    # side bend
    (9.25, _SIDE),
    (9.38, _SIDE),
    (10.05, mirrored(_SIDE)),
    (10.18, mirrored(_SIDE)),
    (10.65, {"sway": 0.03, "drop": 0.008}),
    # a kick with each leg
    (10.80, _PUSH_OFF),
    (11.04, _KICK_BACK),
    (11.40, _KICK),
    (11.70, _LANDING),
    (11.90, {"sway": -0.03, "drop": 0.014}),
    (12.05, mirrored(_PUSH_OFF)),
    (12.29, mirrored(_KICK_BACK)),
    (12.65, mirrored(_KICK)),
    (12.95, mirrored(_LANDING)),
    (13.18, {"sway": -0.008, "drop": 0.012}),
    # wrists
    (13.48, _FOREARMS),
    (13.72, _wrist(wrist=55)),
    (13.98, _wrist(wrist=-55)),
    (14.22, _wrist(wrist=0, dev=14)),
    (14.44, _wrist(wrist=0, dev=-22)),
    (14.68, _wrist(pron=-35)),
    # hands up for the fingers
    (15.15, _HANDS_UP),
    (17.75, _HANDS_UP),
    (18.05, {**_HANDS_UP, **both(raise_=-49)}),
    (18.46, _HANDS_OPEN),
    (18.66, _HANDS_OPEN),
    (19.50, {}),
    (20.00, {}),
]

# ---- head -----------------------------------------------------------------------------------------

HEAD: Track = [
    (0.00, {}),
    (3.30, {"nod": 2}),
    (4.25, {"nod": -22}),
    (4.45, {"nod": -22}),
    (5.75, {"nod": -26}),
    (5.95, {"nod": -26}),
    (6.65, {}),
    (7.55, {"look": 16}),
    (8.20, {"look": -16}),
    (9.25, {"tilt": 8}),
    (10.05, {"tilt": -8}),
    (10.65, {}),
    (12.61, {"nod": 4}),
    # turn and nod while the wrists move
    (13.10, {"nod": 2}),
    (13.62, {"look": 58}),
    (14.22, {"look": -58}),
    (14.66, {"look": 0, "nod": 24}),
    (15.00, {"nod": -16}),
    (15.30, {}),
    (20.00, {}),
]

# ---- hands ----------------------------------------------------------------------------------------

_STRAIGHT: Pose = {"index": 0.03, "middle": 0.03, "ring": 0.03, "pinky": 0.04, "thumb": 0.0, "spread": 0.25}
_LOOSE: Pose = {"index": 0.34, "middle": 0.38, "ring": 0.42, "pinky": 0.44, "thumb": 0.3, "spread": 0.0}
_FIST: Pose = {"index": 1.0, "middle": 1.0, "ring": 1.0, "pinky": 1.0, "thumb": 1.0, "spread": 0.0}
_SPREAD: Pose = {"index": -0.06, "middle": -0.06, "ring": -0.06, "pinky": -0.05, "thumb": -0.1, "spread": 1.0}

_THUMB_OUT: Pose = {"index": 0.82, "middle": 0.85, "ring": 0.85, "pinky": 0.85, "thumb": 0.1}

_FINGER_START, _FINGER_STEP = 15.20, 0.46
_ORDER = ("index", "middle", "ring", "pinky", "thumb")
# neighbours are drawn along a little, as in a real hand
_DRAWN = {"index": ("middle",), "middle": ("ring",), "ring": ("middle", "pinky"), "pinky": ("ring",)}


def _one_finger(finger: str) -> Pose:
    drawn = dict.fromkeys(_DRAWN.get(finger, ()), 0.16)
    return {**_STRAIGHT, **drawn, finger: 1.3 if finger == "thumb" else 0.96}


HANDS: Track = [
    (0.00, {}),
    (0.85, {}),
    (1.15, _LOOSE),
    (2.95, _LOOSE),
    (3.30, {}),
    (4.25, {**_STRAIGHT, "spread": 0.5}),
    (4.45, {**_STRAIGHT, "spread": 0.5}),
    (5.00, {}),
    (6.65, {}),
    (7.05, _LOOSE),
    (8.65, _LOOSE),
    (9.25, {}),
    (10.65, {}),
    (11.36, _LOOSE),
    (12.61, _LOOSE),
    (13.20, {}),
    (14.68, {}),
    (_FINGER_START - 0.05, _STRAIGHT),
    *((_FINGER_START + _FINGER_STEP * (k + 0.5), _one_finger(f)) for k, f in enumerate(_ORDER)),
    (17.60, _STRAIGHT),
    # the thumb closes last and opens first
    (17.78, {**_FIST, **_THUMB_OUT}),
    (17.94, _FIST),
    (18.12, _FIST),
    (18.24, {**_FIST, **_THUMB_OUT}),
    (18.48, _SPREAD),
    (18.66, _SPREAD),
    (19.40, {}),
    (20.00, {}),
]
