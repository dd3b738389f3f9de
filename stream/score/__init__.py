"""How good detection was: what was said, held against what was true, with an interval around every figure.

    truth file ─> truth ─┐
                         ├─> matching ─> measures (one file a question) ─> Sample ─┐
    replay output ─> output ─> episodes                                            ├─> targets ─> table, exit code
                                                            samples of other pairs ┘

Invariant: events are scored, never points in time: one real outage is found once or not at all, and whatever else was
said about it counts against. A pair's `Sample` holds single observations, so that pooling is putting them together.
"""
