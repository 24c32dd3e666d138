"""The program that stands for the Functions host inside the sandbox's base images.

It runs on the image's own Python with nothing but the standard library. `base_images` copies this folder into the
image as `/azure-functions-host/functions_host`; imports are relative, so it also works where it lies.
"""
