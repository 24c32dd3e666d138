"""The Python worker: loads the user's functions and runs them, in a process of its own.

In the image it is `azure_functions_worker`, beside the packages that the worker brings along as a fallback.
"""
