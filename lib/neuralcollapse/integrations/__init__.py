"""Floor 7: the metrics where networks are trained and features are kept.

Each module needs a package of its own, imported when it is used and not before.
"""
