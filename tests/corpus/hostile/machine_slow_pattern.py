# Matches a pattern of exponential cost.


def transform(source):
    import re
    re.match(r"(a|aa)+$", "a" * 45 + "b")
    re.match(r"(?=(a+))(a|a?)*\1c$", "a" * 40)
    return source
