"""What a browser calls itself, in two words that its owner recognises."""

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """“Firefox, Windows”; empty where neither is known. Never the text itself: it is long, and tells too much."""
    found = [next((name for sign, name in known if sign in user_agent[:500]), None) for known in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name)
