"""``python -m core``: the command line without the window."""

import sys

from core.commands.cli import main
from core.commands.telling.interrupts import left

if __name__ == "__main__":
    sys.exit(left(main()))
