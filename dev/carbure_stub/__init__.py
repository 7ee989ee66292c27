"""A local stand-in for CARBURE's certificate receiver, to send to without harm.

stub = CarbureStub()
with running(stub) as root_url:
    ...  # send to root_url
stub.rows, stub.requests_received
"""

from dev.carbure_stub.app import running
from dev.carbure_stub.storage import Row
from dev.carbure_stub.stub import CarbureStub, Fault, Received

__all__ = ["CarbureStub", "Fault", "Received", "Row", "running"]
