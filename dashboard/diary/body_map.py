"""The body map of the diary: a person from the front and from the back, cut into places one can choose.

Own drawing, in a box of 220 × 300. The right half of each view (as the reader sees it) is drawn; the left
half is its mirror image. Seen from the front the wearer's right side is on the reader's left, seen from the
back it is on the reader's right.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 220, 300
VIEWS = ("back", "front")


@dataclass(frozen=True, slots=True)
class Region:
    """One place of the map.

    Attributes:
        key: as the diary stores it.
        view: `back` or `front`.
        path: SVG path data of the right half of the picture, or of the whole region where it is central.
        mirrored: whether it is drawn mirrored about the middle.
        x, y: its centre, for moving about by arrow keys.
    """

    key: str
    view: str
    path: str
    mirrored: bool
    x: float
    y: float


HEAD = "M110 8C123 8 131 18 131 32C131 47 122 58 110 58C98 58 89 47 89 32C89 18 97 8 110 8z"
"""The head, which is no place in front: the picture's orientation only."""

_ARM = (
    ("upper_arm", "M158 108C166 103 174 104 177 109L181 160C176 163 167 164 161 161z", 169, 134),
    ("elbow", "M161 164C167 167 176 166 181 163L184 182C178 186 170 187 164 184z", 173, 174),
    ("forearm", "M165 187C171 190 179 189 184 185L190 229C185 233 178 234 173 231z", 178, 210),
    ("hand", "M173 234C179 237 186 236 190 232C196 240 199 252 197 263C195 271 181 272 178 264z", 186, 252),
)
"""The right arm of the picture, alike in both views."""

_SIDES = {
    "back": (
        ("shoulder_top", "M121 66C130 75 145 79 158 82L150 92C138 90 126 88 121 87z", 137, 82),
        ("shoulder", "M161 83C172 86 178 94 178 106C172 101 164 101 157 105L153 93z", 166, 94),
        ("shoulder_blade", "M121 90C131 91 142 92 150 95L155 107C155 120 152 130 149 139L121 134z", 137, 114),
        ("ribs_back", "M121 137L148 142C146 156 145 166 145 178L121 178z", 134, 159),
        ("low_back", "M121 181L145 181C146 194 148 206 151 218C141 223 131 225 121 226z", 134, 203),
    ),
    "front": (
        ("shoulder_front", "M143 79C160 81 177 88 178 106C171 101 163 101 155 106L148 92z", 161, 92),
        (
            "chest",
            "M119 78C126 80 134 80 140 79L153 107C152 118 150 127 147 135C137 139 127 138 119 134z",
            136,
            108,
        ),
        (
            "ribs_front",
            "M119 138C128 142 138 142 146 138C145 154 144 166 145 178C136 176 126 172 119 164z",
            133,
            157,
        ),
    ),
}

_MIDDLE = {
    "back": (
        ("head_back", HEAD, 110, 33),
        (
            "neck_back",
            "M99 59C106 62 114 62 121 59C120 62 119 65 118 68L118 84L102 84L102 68C101 65 100 62 99 59z",
            110,
            71,
        ),
        ("between_shoulder_blades", "M102 87L118 87L118 134L102 134z", 110, 110),
        ("spine_middle", "M102 137L118 137L118 178L102 178z", 110, 158),
        ("spine_low", "M102 181L118 181L118 226C113 227 107 227 102 226z", 110, 204),
    ),
    "front": (
        (
            "neck_front",
            "M98 60C105 63 115 63 122 60C122 68 128 74 139 76C125 79 95 79 81 76C92 74 98 68 98 60z",
            110,
            70,
        ),
        ("breastbone", "M104 80L116 80L116 160C112 156 108 156 104 160z", 110, 116),
        (
            "belly",
            "M104 164C108 159 112 159 116 164C123 174 134 179 145 181C146 194 148 206 151 218"
            "C124 230 96 230 69 218C72 206 74 194 75 181C86 179 97 174 104 164z",
            110,
            200,
        ),
    ),
}


def _regions() -> list[Region]:
    found = []
    for view in VIEWS:
        for key, path, x, y in _MIDDLE[view]:
            found.append(Region(key, view, path, False, x, y))
        arm = [(f"{key}_{view}", path, x, y) for key, path, x, y in _ARM]
        for key, path, x, y in (*_SIDES[view], *arm):
            # The picture's right is the wearer's right from behind, and their left from the front.
            here, there = ("right", "left") if view == "back" else ("left", "right")
            found.append(Region(f"{key}_{there}", view, path, True, WIDTH - x, y))
            found.append(Region(f"{key}_{here}", view, path, False, x, y))
    return found


REGIONS = tuple(_regions())
"""Every region of both views."""

ELSEWHERE = "elsewhere"
"""For a place that is not on the map; the wearer's words say which."""

PLACES = (*(region.key for region in REGIONS), ELSEWHERE)
"""Every place the diary knows, in the order in which they are listed."""
