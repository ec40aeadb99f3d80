"""Where the links in a text are, by twitter-text's rules, so that `#x` and `@x` inside a link are neither tag nor name.

With a scheme any host name that looks like one counts; without, only those that end in a top-level domain of the list
below. The list is short and fixed on purpose: tags are folded from captions again at every rebuild, and a list that
follows the registry would give another answer next year.
"""

import regex

# Two letters are a country. Of the generic ones, those that people write without a scheme.
_GENERIC_TOP_LEVELS = (
    "com net org edu gov mil int info biz name pro aero asia cat coop jobs mobi museum post tel travel xxx "
    "academy agency app art beer bike blog cafe camera cards care center chat city click cloud club coffee company cool "
    "design dev digital directory earth email events fashion film fit flights florist fun gallery games garden gift global "
    "graphics group guide guru house how ink international land life limited link live lol love ltd market media menu moda "
    "moe network news ninja one online page paris party photo photography photos pics pictures pink place plus press print "
    "pub recipes red rocks run school shop show site social software solutions space store studio style support surf systems "
    "team tech technology tips today tokyo tools top tours town toys training tube university vacations video vip vision "
    "watch website wedding wiki wine work works world wtf xyz yoga zone berlin london nyc"
).replace(" ", "|")

_LATIN = r"\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u0253\u0254\u0256\u0257\u0259\u025B\u0263\u0268\u026F\u0272\u0289\u028B"
_LETTERS = rf"a-z0-9{_LATIN}\u02BB\u0300-\u036F\u1E00-\u1EFF\u0400-\u04FF"
_LABEL = r"[^\s\p{P}\p{C}$+<=>^`|~]++"
_END_OF_HOST = r"(?![a-z0-9@+\-])"
_HOST = rf"(?:{_LABEL}(?:[_\-]++{_LABEL})*+\.)*{_LABEL}(?:-++{_LABEL})*+\."
_ANY_TOP_LEVEL = rf"(?:xn--[\-0-9a-z]+|[a-z]{{2,63}}|[\p{{L}}\p{{M}}--[a-z]]{{2,63}}){_END_OF_HOST}"
_PLAIN_HOST = r"(?:[a-z0-9](?:[a-z0-9_\-]*[a-z0-9])?\.)+"
_KNOWN_TOP_LEVEL = rf"(?:xn--[\-0-9a-z]+|[a-z]{{2}}|{_GENERIC_TOP_LEVELS}){_END_OF_HOST}"

_IN_PATH = rf"[{_LETTERS}!*';:=+,.$/%#\[\]\-\u2013_~@|&]"
_PARENTHESES = rf"\((?:{_IN_PATH}++|{_IN_PATH}*+\({_IN_PATH}++\){_IN_PATH}*+)\)"
_END_OF_PATH = rf"(?:[{_LETTERS}+\-=_#/]|{_PARENTHESES})"
_PATH = rf"/(?:{_IN_PATH}*(?:{_PARENTHESES}{_IN_PATH}*)*{_END_OF_PATH}|@{_IN_PATH}+/)?"
_QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]"

_LINK = regex.compile(
    rf"(?<![a-z0-9@＠$#＃\u202A-\u202E])(?:"
    rf"https?://t\.co/[a-z0-9]+(?:{_QUERY})?"
    rf"|(?:https?://{_HOST}{_ANY_TOP_LEVEL}|(?<![_.\-/]){_PLAIN_HOST}{_KNOWN_TOP_LEVEL})(?::\d+)?(?:{_PATH})?(?:{_QUERY})?"
    rf")",
    regex.IGNORECASE | regex.VERSION1,
)


def link_spans(text: str) -> list[tuple[int, int]]:
    """Return where each link begins and ends, in code points and in order."""
    return [match.span() for match in _LINK.finditer(text)] if "." in text else []
