"""An AWS Lambda function that lists a large repository in several invocations."""

from typing import Any

import ecrimages


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """List images until the time runs out; return the event of the next invocation."""
    images = ecrimages.describe_images(event["repository"], start_token=event["token"])
    for page in images.pages():
        for image in page.images:
            print(image.digest, image.size_in_bytes)
        if page.next_token and context.get_remaining_time_in_millis() < 90_000:
            return {**event, "token": page.next_token, "done": False}
    return {**event, "token": None, "done": True}
