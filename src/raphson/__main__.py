"""`python -m raphson`: the command."""

from raphson.cli.main import main

if __name__ == "__main__":
    main()
