"""`python -m scripts` is the `anamnesis` command."""

from scripts._main import main

if __name__ == "__main__":
    main()
