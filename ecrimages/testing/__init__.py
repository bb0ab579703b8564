"""A local fake of the ECR API for tests: boto3 talks to it over HTTP on the loopback interface.

Example::

    from ecrimages import Client
    from ecrimages.testing import FakeECR

    with FakeECR() as ecr:
        ecr.add_image("team/app", tags=["v1"])
        assert Client(ecr.client()).image_exists("team/app", tag="v1")
"""

from ecrimages import _public_names
from ecrimages.testing._fake import FakeECR
from ecrimages.testing._faults import Fault
from ecrimages.testing._service import RecordedRequest

__all__ = ["FakeECR", "Fault", "RecordedRequest"]

_public_names.publish(__name__, [globals()[name] for name in __all__])
