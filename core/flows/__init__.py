"""What people do, written once over the ports: the dapp, the commands and the tests run this code.

A flow that needs a signature is cut in two: `prepare_*` reads the chain and returns the message
that the person will see in the wallet; `submit` hands the signed message to the relayer. Where
the signer is at hand, `sign_and_submit` does both.
"""
