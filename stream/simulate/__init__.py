"""A seeded living network and its customers: what the outside world would write to Forewarn's topics.

    size, seed ─> network, customers ─> incidents (the truth) ─> beats, reports, usage, campaigns ─> file or Kafka

Invariant: everything is drawn from the seed and from nothing else; the truth is planned before the first record is made
and never looks at what Forewarn concludes.
"""
