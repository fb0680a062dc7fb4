"""``python -m core``: the command line without the window."""

import sys

from core.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
