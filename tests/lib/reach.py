"""Whether users other than root can get at what a test would have them run."""
import os
import stat


def others_may_enter(path):
    """Every folder on the way to PATH lets anybody pass."""
    path = os.path.abspath(path)
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
    return True


OTHERS_CANNOT = "root, and a checkout that other users may enter"
