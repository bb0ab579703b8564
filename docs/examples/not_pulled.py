"""Print tagged images that were not pulled for 90 days: `not_pulled.py team/app`."""

import sys
from datetime import UTC, datetime, timedelta

import ecrimages

limit = datetime.now(UTC) - timedelta(days=90)
for image in ecrimages.describe_images(sys.argv[1], tag_status="TAGGED"):
    last_used = image.last_recorded_pull_time or image.pushed_at
    if last_used < limit:
        print(f"{last_used:%Y-%m-%d}", image.digest, *image.tags)
