"""Print the pull URI of the newest release: `newest_image.py team/app`."""

import re
import sys

import ecrimages
from ecrimages import Image

RELEASE = re.compile(r"v\d+\.\d+\.\d+")


def is_release(image: Image) -> bool:
    """Return whether one of the tags is a version."""
    return any(map(RELEASE.fullmatch, image.tags))


for image in ecrimages.newest_images(sys.argv[1], where=is_release):
    print(ecrimages.image_uri(image))
