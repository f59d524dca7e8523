"""What keeps a process that touches foreign bytes within bounds. Called by that process itself."""

import resource
from collections.abc import Mapping


def confine(bounds: Mapping[int, int]) -> None:
    """Set each resource (a `resource.RLIMIT_*`) to its bound for good, and allow no core dump.

    A hard limit that is lower already stays. What the process starts inherits all of it, and counts
    for itself. Raises ValueError for a resource that this system does not know.
    """
    for what, value in {**bounds, resource.RLIMIT_CORE: 0}.items():
        hard = resource.getrlimit(what)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (ceiling, ceiling))
