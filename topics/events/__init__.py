"""Typed events by family. Field names are the contract with other systems: extend them, never rename them."""
