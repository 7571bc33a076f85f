"""Never listens; ends when told to."""

import signal

if __name__ == "__main__":
    signal.pause()
