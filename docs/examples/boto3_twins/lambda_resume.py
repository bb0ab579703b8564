"""An AWS Lambda function that lists a large repository in several invocations."""

from typing import Any

import boto3

client = boto3.client("ecr")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """List images until the time runs out; return the event of the next invocation."""
    request = {"repositoryName": event["repository"], "maxResults": 1000}
    if event["token"] is not None:
        request["nextToken"] = event["token"]
    while True:
        response = client.describe_images(**request)
        for detail in response["imageDetails"]:
            print(detail["imageDigest"], detail.get("imageSizeInBytes"))
        token = response.get("nextToken")
        if token is None:
            return {**event, "token": None, "done": True}
        if context.get_remaining_time_in_millis() < 90_000:
            return {**event, "token": token, "done": False}
        request["nextToken"] = token
