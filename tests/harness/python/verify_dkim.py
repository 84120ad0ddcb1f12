"""Verifies the DKIM signature of standard input by dkimpy, with a DNS of one record."""

import sys

import dkim

name, record = sys.argv[1:]


def look_up(asked, timeout=5):
    asked = asked.decode() if isinstance(asked, bytes) else asked
    return record.encode() if asked.rstrip(".") == name else None


print("right" if dkim.verify(sys.stdin.buffer.read(), dnsfunc=look_up) else "wrong")
