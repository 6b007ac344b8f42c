#!/usr/bin/env python3
"""Prints what of a build the tests of some suites need: needed.py BUILD
SUITE..., each as ninja calls it."""
import json
import os
import sys


def told(build, what):
    with open(os.path.join(build, "meson-info", "intro-%s.json" % what),
              encoding="utf-8") as f:
        return json.load(f)


def main():
    build, suites = os.path.abspath(sys.argv[1]), set(sys.argv[2:])
    needed = {target for test in told(build, "tests")
              if suites & {s.split(":")[-1] for s in test["suite"]}
              for target in test["depends"]}
    for target in told(build, "targets"):
        if target["id"] in needed:
            for name in target["filename"]:
                print(os.path.relpath(name, build))


main()
