"""The pictures of the demo as plain values: what each shows, where, with which camera, and how the camera was held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random


@dataclass(frozen=True)
class Place:
    """Somewhere to take pictures: name, latitude and longitude in degrees, and what one sees there."""

    name: str
    latitude: float
    longitude: float
    scenes: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """A way to paint a picture: function, light, exposure, and the hashtags that people give it."""

    name: str
    light: str
    exposure: float
    tags: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.name}-{self.light}"


@dataclass(frozen=True)
class Shot:
    """One picture: its scene and seed, its upright size in pixels, its EXIF."""

    number: int
    scene: Scene
    place: Place
    seed: int
    width: int
    height: int
    orientation: int
    camera: tuple[str, str]
    taken_at: datetime

    @property
    def file_name(self) -> str:
        return f"{self.number:02d}-{self.scene.key}.jpg"


SCENES = (
    Scene("stars", "north", 0.60, ("aurora", "northernlights", "nightsky")),
    Scene("mountains", "dusk", 0.55, ("mountains", "sunset", "hiking")),
    Scene("sea", "gold", 0.58, ("sunset", "sea", "goldenhour")),
    Scene("city", "blue", 0.72, ("city", "bluehour", "skyline")),
    Scene("flower", "daisy", 0.72, ("macro", "flowers", "spring")),
    Scene("stars", "north", 0.60, ("aurora", "northernlights", "nightsky")),
    Scene("mountains", "dawn", 0.55, ("mountains", "sunrise", "mist")),
    Scene("bokeh", "warm", 0.75, ("bokeh", "lights", "night")),
    Scene("forest", "mist", 0.55, ("forest", "mist", "trees")),
    Scene("dunes", "evening", 0.50, ("desert", "dunes", "goldenhour")),
    Scene("clouds", "day", 0.50, ("clouds", "sky", "blue")),
    Scene("stars", "milky", 0.80, ("milkyway", "nightsky", "stars")),
    Scene("sea", "pink", 0.58, ("sunset", "sea", "calm")),
    Scene("flower", "sun", 0.72, ("macro", "flowers", "summer")),
    Scene("city", "night", 0.85, ("city", "night", "lights")),
    Scene("mountains", "rose", 0.55, ("mountains", "sunset", "sky")),
    Scene("bokeh", "neon", 0.80, ("bokeh", "neon", "night")),
    Scene("stars", "north", 0.60, ("aurora", "northernlights", "winter")),
    Scene("dunes", "noon", 0.48, ("desert", "dunes", "travel")),
    Scene("forest", "gold", 0.50, ("forest", "sunrise", "trees")),
    Scene("flower", "rose", 0.72, ("macro", "flowers", "pink")),
    Scene("sea", "teal", 0.58, ("sea", "sunrise", "calm")),
    Scene("clouds", "evening", 0.48, ("clouds", "sky", "sunset")),
    Scene("mountains", "blue", 0.52, ("mountains", "hiking", "travel")),
    Scene("stars", "north", 0.60, ("aurora", "northernlights", "nightsky")),
    Scene("flower", "violet", 0.72, ("macro", "flowers", "violet")),
    Scene("bokeh", "garden", 0.75, ("bokeh", "green", "light")),
    Scene("mountains", "dusk", 0.55, ("mountains", "sunset", "travel")),
    Scene("city", "blue", 0.72, ("city", "skyline", "travel")),
    Scene("sea", "gold", 0.58, ("sunset", "sea", "beach")),
)

PLACES = (
    Place("Lofoten", 68.2336, 14.5680, ("stars-north",)),
    Place("Tromsø", 69.6492, 18.9553, ("stars-north",)),
    Place("Dolomites", 46.4102, 11.8440, ("mountains-dusk", "mountains-rose", "mountains-dawn", "stars-milky")),
    Place("Picos de Europa", 43.1976, -4.8513, ("mountains-blue", "mountains-dawn", "mountains-dusk")),
    Place("Big Sur", 36.2704, -121.8081, ("sea-gold", "sea-teal")),
    Place("Amalfi", 40.6340, 14.6027, ("sea-pink", "sea-gold")),
    Place("Chicago", 41.8781, -87.6298, ("city-blue", "city-night")),
    Place("Hong Kong", 22.3193, 114.1694, ("city-night", "city-blue", "bokeh-neon")),
    Place("Lisbon", 38.7223, -9.1393, ("bokeh-warm", "clouds-evening")),
    Place("Black Forest", 48.2776, 8.1860, ("forest-mist", "forest-gold")),
    Place("Namib", -24.7274, 15.3429, ("dunes-evening", "dunes-noon")),
    Place("Texel", 53.0548, 4.7977, ("clouds-day", "clouds-evening")),
    Place("Kew Gardens", 51.4787, -0.2956, ("flower-daisy", "flower-rose", "flower-violet", "flower-sun", "bokeh-garden")),
)

# The hashtag and the place that take off during the demo.
RISING_TAG = "aurora"
RISING_PLACE = "Lofoten"

CAMERAS = (
    ("FUJIFILM", "X-T5"),
    ("Canon", "EOS R8"),
    ("NIKON CORPORATION", "NIKON Z 6_2"),
    ("Google", "Pixel 8"),
    ("Apple", "iPhone 15"),
)
# Mostly what telephones send, some as large as cameras make them.
SIZES = (
    (2304, 1536),
    (2400, 1600),
    (2048, 1536),
    (2160, 1440),
    (2304, 1536),
    (3000, 2000),
    (2160, 1440),
    (2048, 1536),
    (4032, 3024),
    (2400, 1600),
)


def plan_album(seed: int, shots: int) -> list[Shot]:
    """Return the first `shots` pictures of the album of a seed; all orientations occur in the first eight."""
    return [plan_shot(seed, number) for number in range(shots)]


def plan_shot(seed: int, number: int) -> Shot:
    random = Random(seed * 1000 + number)
    scene = SCENES[number % len(SCENES)]
    width, height = SIZES[number % len(SIZES)]
    # Every fourth is taken upright; skylines and dunes look better wide.
    if number % 4 == 1 and scene.name not in ("city", "dunes", "clouds"):
        width, height = height, width
    fitting = [place for place in PLACES if scene.key in place.scenes]
    return Shot(
        number=number,
        scene=scene,
        place=random.choice(fitting),
        seed=random.randrange(1, 10**6),
        width=width,
        height=height,
        orientation=(1, 6, 3, 8, 2, 5, 4, 7)[number % 8] if number < 8 else random.choice((1, 1, 1, 6, 8, 3)),
        camera=random.choice(CAMERAS),
        taken_at=datetime(2026, 1, 10, tzinfo=UTC) + timedelta(minutes=random.randrange(60 * 24 * 60)),
    )


def exif_of(shot: Shot) -> dict[str, str]:
    """Return the EXIF fields of a shot by libvips' names: camera, date, exposure and where it was taken."""
    random = Random(shot.seed)
    moment = shot.taken_at.strftime("%Y:%m:%d %H:%M:%S")
    make, model = shot.camera
    place = shot.place
    return {
        "exif-ifd0-Make": make,
        "exif-ifd0-Model": model,
        "exif-ifd0-DateTime": moment,
        "exif-ifd2-DateTimeOriginal": moment,
        "exif-ifd2-ExposureTime": random.choice(("1/60", "1/125", "1/250", "1/15")),
        "exif-ifd2-FNumber": random.choice(("28/10", "4/1", "56/10", "8/1")),
        "exif-ifd2-FocalLength": random.choice(("23/1", "35/1", "50/1", "85/1")),
        "exif-ifd2-ISOSpeedRatings": random.choice(("100", "200", "400", "1600")),
        "exif-ifd3-GPSLatitudeRef": "N" if place.latitude >= 0 else "S",
        "exif-ifd3-GPSLatitude": degrees(place.latitude),
        "exif-ifd3-GPSLongitudeRef": "E" if place.longitude >= 0 else "W",
        "exif-ifd3-GPSLongitude": degrees(place.longitude),
    }


def degrees(angle: float) -> str:
    """Degrees, minutes and hundredths of seconds as EXIF writes them: three fractions."""
    hundredths = round(abs(angle) * 360_000)
    return f"{hundredths // 360_000}/1 {hundredths // 6_000 % 60}/1 {hundredths % 6_000}/100"
