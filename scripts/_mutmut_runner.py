"""mutmut as `scripts._mutation` runs it, in a copy of the project, by a Python that has mutmut.

mutmut leaves decorated classes alone. Here they are dataclasses, whose methods can be mutated like
any other; decorated functions stay as they are. Needs nothing of the project.
"""

import sys

import libcst
from mutmut import file_mutation
from mutmut.__main__ import cli

_skips = file_mutation.MutationVisitor._skip_node_and_children


def _skip(self: file_mutation.MutationVisitor, node: libcst.CSTNode) -> bool:
    if isinstance(node, libcst.ClassDef):
        return False
    return bool(_skips(self, node))


file_mutation.MutationVisitor._skip_node_and_children = _skip

if __name__ == "__main__":
    sys.exit(cli())
