"""Measurements that a reader can repeat. Nothing in the product imports this."""
