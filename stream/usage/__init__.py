"""Pure: usage meters, billing cycles, thresholds and duplicate recognition. No Faust, no clock, no IO.

usage.records ──> dedup ──> meters ──> hot path: one packed counter        ──> table
                              │
                              └──────> meter.step: cycles, history, terms  ──> table, usage.alerts, notify
"""
