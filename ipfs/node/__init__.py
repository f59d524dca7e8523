"""An embedded Kubo node in a process of its own, behind the part of Kubo's RPC that is used here.

`python -m ipfs.node --home DIR` serves `DIR/rpc.sock`. Unless it is told otherwise it has no swarm:
it listens nowhere else, dials nobody and announces nothing. With a swarm key it joins that private
network, and still announces nothing.
"""
