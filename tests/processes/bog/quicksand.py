"""An integration that hangs when it is imported."""

import time

time.sleep(10**6)
