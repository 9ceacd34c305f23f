"""Deliveries to a ledger and outcomes back.

Leases, batches, replay, push and pull, recovery, rate limits, credentials.
"""
