"""`python -m tertulia` is the command `tertulia`."""

from __future__ import annotations

from tertulia.cli import main

if __name__ == "__main__":
    main(prog_name="tertulia")
