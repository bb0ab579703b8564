"""Print the storage of each repository of a registry, the largest first."""

from collections import Counter

import ecrimages

sizes: Counter[str] = Counter()
with ecrimages.registry_images(image_status="ANY") as images:
    for image in images:
        if not image.is_index:  # Its size is that of a child manifest.
            sizes[image.repository_name] += image.size_in_bytes or 0
for name, size in sizes.most_common():
    print(f"{size / 1e9:9.2f} GB  {name}")
