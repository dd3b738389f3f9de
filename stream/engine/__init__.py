"""The engine: batches, one task a partition, one atomic commit unit. The only code that knows Faust's private side."""
