"""Numbers that the contracts fix, for whoever replays, models or explains them.

The walk holds each of them to the contracts themselves.
"""

DAY_SECONDS = 86_400

LONGEST_GRANT_SECONDS = 3_653 * DAY_SECONDS
"""Ten years, leap days included; a licence may last as long."""
MOST_PURPOSES = 2**32 - 1
"""All purpose bits together."""

MOST_IN_A_BATCH = 32
"""Sealings, revocations and grants that one batch carries, of each kind."""

GUARDIANS, CUSTODIANS = 0, 1
"""The circles of CircleSet."""
MOST_MEMBERS = 8
RECOVERY_SECONDS = 7 * DAY_SECONDS
"""The time in which the present controller can refuse."""

OFF, TWO_CLINICIANS, CLINICIAN_AND_GUARDIAN, CLINICIAN_ALONE = range(4)
"""The modes of EmergencyPolicySet."""
LONGEST_DELAY_SECONDS = 7 * DAY_SECONDS
LONGEST_WINDOW_HOURS = 72
HOUR_SECONDS = 3_600
