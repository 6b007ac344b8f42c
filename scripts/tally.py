#!/usr/bin/env python3
"""Counts the results of one `meson test` run: tally.py testlog.json FOLDER.

Prints each failed test with the end of what it said, each skipped one and
skipped part of one with its reason, what tests noted ("NOTE: ..."), and last
"tally PASSED FAILED SKIPPED".
"""
import json
import re
import sys

BAD = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT"}
LINES = 60  # of a failed test
# unittest's and cmocka's words for a part that was skipped
PART = re.compile(r"^(?:(.*) \.\.\. skipped ['\"](.*)['\"]"
                  r"|\[  SKIPPED \] (\w+))$", re.M)


def output(record):
    return ((record.get("stdout") or "") + "\n" +
            (record.get("stderr") or "")).strip()


def last_line(record):
    text = (record.get("stdout") or record.get("stderr") or "").strip()
    return text.splitlines()[-1] if text else "no reason given"


def skipped_parts(record):
    """A line for each; cmocka has one when it happens and one at the end."""
    found = []
    for name, reason, unit in PART.findall(output(record)):
        what = name.split(" (")[0]
        line = "%s, %s" % (record["name"], what + ": " + reason
                           if what else unit + ": see its source")
        if line not in found:
            found.append(line)
    return found


def show_failure(record):
    print("FAIL %s (%s)" % (record["name"], record["result"]))
    for line in output(record).splitlines()[-LINES:]:
        print("    " + line[:400])


def main():
    passed = failed = skipped = 0
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            record = json.loads(line)
            result = record["result"]
            if result in BAD:
                failed += 1
                show_failure(record)
            elif result == "SKIP":
                skipped += 1
                print("skip %s: %s" % (record["name"], last_line(record)))
            else:
                passed += 1
            for part in skipped_parts(record):
                skipped += 1
                print("skip " + part)
            for note in re.findall(r"^NOTE: (.*)$", output(record), re.M):
                print("note %s: %s" % (record["name"], note))
    print("tally %d %d %d" % (passed, failed, skipped))
    return 0


sys.exit(main())
