# pragma version 0.4.3
"""
@title Batch
@license Apache-2.0
@author the Anamnesis authors
@notice For tests only: carries several messages within one transaction, hence within one second.
"""

@external
def run(target: address, calls: DynArray[Bytes[1024], 4]):
    for data: Bytes[1024] in calls:
        raw_call(target, data)
