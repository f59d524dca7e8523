"""Set-up of a checkout on a machine that has Python 3.11 or newer, make and git, nothing more.

Standard library only: nothing of the project is installed while this runs.
"""
