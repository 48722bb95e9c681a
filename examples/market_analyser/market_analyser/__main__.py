"""`python -m market_analyser DATA_DIR`."""

import sys

from market_analyser.cli import main

if __name__ == "__main__":
    sys.exit(main())
