"""Print the images of a registry with critical findings."""

import ecrimages

not_reported = 0
with ecrimages.registry_images() as images:
    for image in images:
        if image.severity_counts is None:
            not_reported += 1
        elif critical := image.severity_counts.critical:
            print(image.repository_name, image.digest, critical, *image.tags)
print(f"{not_reported} images without reported findings, which does not mean clean")
