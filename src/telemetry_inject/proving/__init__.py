"""Proof on the user's own code: a suite runs on a clean copy and on the instrumented one, and is compared test by test.

    verification.py   the order of it all       comparison.py  what changed, what is flaky
    project_copy.py   the copies                culprits.py    which functions it was
    execution.py      one bounded process       causes.py      why, most likely
    hooking.py        how runners report        builds.py      the same for compilers
    reports.py        what they report          overhead.py    a budget for time, and too little of it
    proof.py          what came of it

`hooks/` is code that runs inside of the suite's processes, not in ours.
"""
