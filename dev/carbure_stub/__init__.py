"""A local stub of the CARBURE API, for tests and the demo.

stub = CarbureStub()
with running(stub) as root_url:
    ...  # send to root_url
stub.rows, stub.requests_received
"""

from dev.carbure_stub.app import running
from dev.carbure_stub.hold import Hold
from dev.carbure_stub.storage import CertificateRow
from dev.carbure_stub.stub import CarbureStub, Fault, ReceivedRequest, charge_point_operator

__all__ = [
    "CarbureStub",
    "CertificateRow",
    "Fault",
    "Hold",
    "ReceivedRequest",
    "charge_point_operator",
    "running",
]
