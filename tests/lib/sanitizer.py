"""A role that a sanitizer ends is started again, and a test may never notice:
what the sanitizers said stands in the log of who started it.
"""
import re

SAID = re.compile(r"Sanitizer|: runtime error: ")


def check(text):
    """Fails with what sanitizers have said in TEXT, if they have."""
    found = SAID.search(text)
    if found:
        start = text.rfind("\n", 0, found.start()) + 1
        raise AssertionError("a sanitizer said:\n" + text[start:start + 4000])
