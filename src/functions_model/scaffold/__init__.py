"""The first files of a deployment: what a folder says of its model, the answers to the rest, and the files for both.

Nothing is run, imported or unpickled, and nothing is asked of a network.
"""
