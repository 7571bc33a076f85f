"""Cosmos DB: the record store and the journal on Azure. Imported by entry points and compositions only; needs the extra `cosmos`.

Nothing here imports the SDK until the account is first asked: that costs a quarter of a second, which a cold start has not.
"""
