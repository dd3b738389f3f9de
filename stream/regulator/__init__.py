"""Regulators' rules as dated data, the duties that follow from them, and the evidence that they were kept. Pure but for
`export.py`.
"""
