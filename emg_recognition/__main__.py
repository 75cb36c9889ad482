"""``python -m emg_recognition`` is the command ``emg-recognition``."""

import sys

from emg_recognition.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
