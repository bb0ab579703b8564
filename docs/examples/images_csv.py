"""Write the images of a repository as CSV: `images_csv.py team/app > images.csv`."""

import csv
import sys

import ecrimages

table = csv.writer(sys.stdout)
table.writerow(["digest", "tags", "pushed_at", "size_in_bytes", "critical"])
for image in ecrimages.describe_images(sys.argv[1]):
    tags, pushed_at = " ".join(image.tags), image.pushed_at.isoformat()
    # None, an empty cell, if the findings are not reported.
    critical = image.severity_counts and image.severity_counts.critical
    table.writerow([image.digest, tags, pushed_at, image.size_in_bytes, critical])
