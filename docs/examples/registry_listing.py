"""Print every image of a registry; a repository that fails loses no other."""

import sys

import ecrimages

with ecrimages.registry_images(failed="skip") as images:
    for image in images:
        print(image.repository_name, image.digest, *image.tags)
for name, error in images.failures.items():
    print(f"{name}: {error}", file=sys.stderr)
