"""CrashesAtOnce: says why on standard error, and exits 3 before it listens."""

import sys

REASON = "no such flavour: pistachio"

if __name__ == "__main__":
    sys.stderr.write(f"{REASON}\n")
    raise SystemExit(3)
