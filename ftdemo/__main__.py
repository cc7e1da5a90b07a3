"""`python -m ftdemo`: the command line."""

from ftdemo.cli import main

if __name__ == "__main__":
    main()
