#!/usr/bin/env python3
"""Counts the results of one `meson test` run: tally.py testlog.json FOLDER.

Prints each failed test, each skipped test with its reason (its last line of
output), and last "tally PASSED FAILED SKIPPED".
"""
import json
import sys

BAD = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT"}


def last_line(record):
    text = (record.get("stdout") or record.get("stderr") or "").strip()
    return text.splitlines()[-1] if text else "no reason given"


def main():
    passed = failed = skipped = 0
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            record = json.loads(line)
            result = record["result"]
            if result in BAD:
                failed += 1
                print("FAIL %s (%s)" % (record["name"], result))
            elif result == "SKIP":
                skipped += 1
                print("skip %s: %s" % (record["name"], last_line(record)))
            else:
                passed += 1
    print("tally %d %d %d" % (passed, failed, skipped))
    return 0


sys.exit(main())
