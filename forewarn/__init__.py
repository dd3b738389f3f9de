"""Forewarn: tells a telecom operator's customers about trouble before they have to ask.

The packages live at the top of the repository, in the order of the data flow (`topics`, `stream`, `alerts`), and are
importable as `forewarn.topics` and so on; docs/decisions/0001-import-names.md says why.
"""
