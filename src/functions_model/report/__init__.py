"""Plans and outcomes as text.

Each module is imported where it is used: of a run that is under way only `narration` and `progress` are.
"""
