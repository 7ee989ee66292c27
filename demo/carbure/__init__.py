"""A local stand-in for CARBURE's certificate receiver, to send to without harm.

stand_in = StandIn()
with running(stand_in) as root_url:
    ...  # send to root_url
stand_in.rows, stand_in.requests_received
"""

from demo.carbure.app import running
from demo.carbure.stand_in import Fault, Received, StandIn
from demo.carbure.storage import Row

__all__ = ["Fault", "Received", "Row", "StandIn", "running"]
