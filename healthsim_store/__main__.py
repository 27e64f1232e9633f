"""``python -m healthsim_store`` is the command line."""

from .cli import main

main()
