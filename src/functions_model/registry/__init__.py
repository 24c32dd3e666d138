"""Speaking the OCI distribution API to a container registry."""

from functions_model.registry.found_records import find_record
from functions_model.registry.pull import UnfitImage, find_manifest, pull_base
from functions_model.registry.push import Push
from functions_model.registry.records import Record, RecordedLayer, RecordToWrite
from functions_model.registry.referrers import Attachment
from functions_model.registry.upload import BlobTransfer, How, PushedImage

__all__ = [
    "Attachment",
    "BlobTransfer",
    "How",
    "Push",
    "PushedImage",
    "Record",
    "RecordToWrite",
    "RecordedLayer",
    "UnfitImage",
    "find_manifest",
    "find_record",
    "pull_base",
]
