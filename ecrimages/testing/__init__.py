"""A local fake of the ECR API for tests: boto3 talks to it over HTTP on the loopback interface.

Example::

    from ecrimages import Client
    from ecrimages.testing import FakeECR

    with FakeECR() as ecr:
        ecr.add_image("team/app", tags=["v1"])
        assert Client(ecr.client()).image_exists("team/app", tag="v1")
"""

from ecrimages.testing._fake import FakeECR
from ecrimages.testing._faults import Fault
from ecrimages.testing._service import RecordedRequest

__all__ = ["FakeECR", "Fault", "RecordedRequest"]

# Show the classes in tracebacks and in the documentation under their public path.
for _class in (FakeECR, Fault, RecordedRequest):
    _class.__module__ = __name__
