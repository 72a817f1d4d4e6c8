"""Where a reader can go: four tabs within a thumb's reach, and the rest behind "More".

Each place has a text (`nav.<key>`) and an icon (`templates/_icons.html`). A page says with
`Site.page(..., here=<key>)` which place it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass

from .visitor import Role, Visitor


@dataclass(frozen=True, slots=True)
class Place:
    """One entry: the key of its text and icon, and its address."""

    key: str
    path: str


TABS = (
    Place("now", "/"),
    Place("history", "/history"),
    Place("exercises", "/exercises"),
    Place("diary", "/diary"),
)
"""What is opened daily. With "More" these are at most five: as many as a phone holds in one hand."""

MORE = (
    Place("wear", "/wear"),
    Place("settings", "/settings"),
    Place("devices", "/devices"),
    Place("data", "/data"),
)
"""What is opened now and then."""

PEOPLE = Place("people", "/who")
WEARERS = Place("wearers", "/wearers")
PROGRAMME = Place("programme", "/programme")
ACCOUNT = Place("account", "/who")
ADMINISTER = Place("administer", "/people")


def places_for(visitor: Visitor | None) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Tabs, and what is behind "More", for whoever reads the page; none for whom the door does not know."""
    if visitor is None:
        return (), ()
    own = {Role.CARER: (WEARERS,), Role.OWNER: (PROGRAMME,), Role.ADMINISTRATOR: (ADMINISTER,)}.get(
        visitor.role, ()
    )
    if visitor.sees is None:
        return (*own, ACCOUNT), ()
    if visitor.whose is not None:
        return TABS, (
            *(place for place in MORE if place.key in OF_WEARER),
            WEARERS,
            PEOPLE if visitor.own_wearer is not None else ACCOUNT,
        )
    return TABS, (*MORE, PEOPLE)


OF_WEARER = ("devices", "data")
"""Of what is behind "More", what a carer may read."""
