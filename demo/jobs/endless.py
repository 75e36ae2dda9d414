"""Says which process it is, starts a child, and would run for an hour."""

import os
import subprocess
import sys
import time

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
print(f"{os.getpid()} {child.pid}")
time.sleep(3600)
