"""mutmut as `scripts._mutation` runs it, in a copy of the project, by a Python that has mutmut.

mutmut leaves decorated classes alone. Here they are dataclasses, whose methods can be mutated like
any other; decorated functions stay as they are. Needs nothing of the project.

Hypothesis looks for no simpler example once a test has failed, which is all that is asked, and has
no deadline: on a busy machine a late test would pass for a change that was noticed.
"""

import sys

import libcst
from hypothesis import Phase, settings
from mutmut import file_mutation
from mutmut.__main__ import cli

_skips = file_mutation.MutationVisitor._skip_node_and_children


def _skip(self: file_mutation.MutationVisitor, node: libcst.CSTNode) -> bool:
    if isinstance(node, libcst.ClassDef):
        return False
    return bool(_skips(self, node))


file_mutation.MutationVisitor._skip_node_and_children = _skip

settings.register_profile(
    "mutation", deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)

if __name__ == "__main__":
    settings.load_profile("mutation")
    sys.exit(cli())
