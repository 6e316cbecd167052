"""Runs a command in a session of its own, and ends all of it when nobody waits for it any more.

That is, when standard input is closed, as by the death of whoever began it: no test run, however
it is killed, leaves a cluster behind. Arguments: a folder to remove at the end, and the command.
The first line of output is the session's number.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil


def members(session):
    """The living processes of a session."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end(session):
    """Ends all that is left of a session; those that end may begin others until they have."""
    while left := members(session):
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.05)


if __name__ == "__main__":
    folder, *command = sys.argv[1:]
    told = sys.stderr.fileno()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=told, stderr=told, start_new_session=True
    )
    threading.Thread(target=process.wait, daemon=True).start()
    print(process.pid, flush=True)
    sys.stdin.read()
    end(process.pid)
    shutil.rmtree(folder, ignore_errors=True)
