"""The store: sealed records and envelopes, kept on IPFS.

The only package that holds a cipher. What leaves it towards the node is ciphertext.
"""
