"""What holds for all tests: programs that they start can be interrupted."""

from __future__ import annotations

import signal

# A shell starts what runs in its background with SIGINT ignored, and programs inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
