"""What a badge can look like: its family (outline), its tier (metal) and its glyph."""

from typing import NamedTuple


class Family(NamedTuple):
    """A group of badges that share an outline and a colour."""

    name: str
    shape: str
    about: str


FAMILIES: dict[str, Family] = {
    "preflight": Family("Pre-flight", "squircle", "Settling in and learning the ropes"),
    "ground": Family("Ground crew", "hexagon", "Answering other members"),
    "departures": Family("Departures", "circle", "Starting threads people want to read"),
    "cabin": Family("Cabin crew", "seal", "Giving and receiving reactions"),
    "tower": Family("Control tower", "shield", "Keeping the community safe and tidy"),
    "miles": Family("Air miles", "octagon", "Coming back, week after week"),
    "formation": Family("Formation", "diamond", "Bringing people together"),
    "hangar": Family("Hangar", "pennant", "Programmes, events and things you request"),
}

# From the lowest to the highest. The number of sleeve stripes is the place in this order, counted from one.
TIERS: tuple[str, ...] = ("bronze", "silver", "gold", "platinum")

# The stock to compose badges from. The drawings are in app/glyphs.json; a test holds both together.
GLYPHS: frozenset[str] = frozenset(
    """
    address-book air-traffic-control airplane airplane-in-flight airplane-landing airplane-takeoff airplane-taxiing
    airplane-tilt anchor-simple archive arrow-fat-lines-up arrow-fat-up at atom backpack balloon bell-ringing binoculars
    bird book-bookmark book-open-text books boot bridge broadcast broom bug butterfly buildings cake calendar-check
    calendar-star call-bell camera campfire cell-tower certificate chalkboard-teacher chart-line-up chat-circle-text
    chats-circle check-fat clock-counter-clockwise clipboard-text cloud-lightning cloud-sun clover coffee compass
    compass-rose confetti control crosshair-simple crown-simple cube detective diamond drone engine envelope-simple
    eyes feather film-reel fire first-aid-kit flag flag-banner flag-checkered flag-pennant flashlight flask footprints
    game-controller gas-pump gauge gear-six ghost gift globe-hemisphere-east globe-hemisphere-west globe-simple
    goggles graduation-cap hammer hand-fist hand-heart hand-waving hands-clapping handshake hard-hat headset heart
    hourglass-medium house identification-badge identification-card island key keyboard leaf lectern lifebuoy
    lightbulb lightbulb-filament lighthouse lightning link-simple list-checks magic-wand magnifying-glass map-pin
    map-trifold medal medal-military megaphone-simple meteor microphone-stage microscope moon moon-stars mountains
    newspaper note-pencil notebook number-five number-one number-three number-two package paper-plane-tilt parachute
    path pen-nib pencil-simple planet potted-plant presentation-chart push-pin puzzle-piece question-mark quotes radio
    rainbow-cloud ranking road-horizon robot rocket rocket-launch rss scales scroll seal-check seat seatbelt
    shield-check shield-star shooting-star signpost siren snowflake sparkle speedometer stack star star-four
    steering-wheel student suitcase-rolling sun sun-horizon target tag-simple tent ticket timer
    toolbox traffic-cone traffic-sign tray-arrow-down tree-palm trend-up trophy umbrella user-check user-plus
    users-four users-three video-camera warning waves wind windmill wrench
    """.split()  # noqa: SIM905 (a literal list would fill two pages)
)


def shape(family: str) -> str:
    """The outline a family of badges is drawn with."""
    return FAMILIES[family].shape


def stripes(tier: str) -> int:
    """How many sleeve stripes a tier wears, 1 to 4."""
    return TIERS.index(tier) + 1
