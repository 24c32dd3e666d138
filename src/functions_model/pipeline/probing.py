"""A probe through a blob or queue trigger, with `verify-trigger: send`."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from functions_model.azure.blob_data import open_blobs
from functions_model.azure.data import key_credential
from functions_model.azure.queue_data import open_queues
from functions_model.core.spec import BlobTrigger, ServiceBusQueueTrigger
from functions_model.pipeline.verifying import expected_here, known_secrets
from functions_model.provision import data_place
from functions_model.verify import blob_probe, queue_probe
from functions_model.verify.probe import Owner, Patience, prove_trigger
from functions_model.verify.sample import content_type

if TYPE_CHECKING:
    from functions_model.pipeline.making import Making
    from functions_model.pipeline.session import Subscription
    from functions_model.pipeline.verifying import Delivered
    from functions_model.provision.data_place import DataPlace
    from functions_model.verify import Verified
    from functions_model.verify.probe import Probe


def probed(making: Making, delivered: Delivered, subscription: Subscription, verified: Verified) -> Verified:
    """The same; where a probe was asked for, once its answer has come.

    Raises:
        NotLive: It could not be sent, or was not answered.
    """
    if not making.spec.sends_probe:
        return verified
    ci, clients, plan = making.parts.ci, subscription.clients, delivered.plan
    place = data_place(plan, clients, ci.mask)
    secrets = known_secrets(plan, subscription)
    expected = expected_here(making, delivered, subscription)
    patience = Patience(making.spec.verify_timeout, ci.info)
    with ExitStack() as opened:
        probe = _probe(making, place, clients.object_id, opened)
        return prove_trigger(clients, expected, verified, probe, patience, secrets=secrets)


def _probe(making: Making, place: DataPlace, login: str, opened: ExitStack) -> Probe:
    spec, sample, keys = making.spec, making.spec.sample_request, place.keys
    credential = key_credential(keys.name, keys.values[0]) if keys else making.session.credential
    if sample is None:
        message = "there is no sample to send"
        raise TypeError(message)
    match spec.trigger:
        case BlobTrigger():
            source, target = place.paths
            owner = Owner(place.name, place.id, blob_probe.ROLES, login)
            blobs = opened.enter_context(open_blobs(place.address, credential))
            return blob_probe.BlobProbe(blobs, owner, source, target, sample, content_type(sample))
        case ServiceBusQueueTrigger(input_queue=source, output_queue=target) if target:
            owner = Owner(place.name, place.id, queue_probe.ROLES, login)
            queues = opened.enter_context(open_queues(place.address, credential))
            seconds = float(spec.verify_timeout)
            return queue_probe.QueueProbe(queues, owner, source, target, sample, content_type(sample), seconds)
    message = "there is no answer to wait for"
    raise TypeError(message)
