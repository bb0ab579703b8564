"""Tests of the asynchronous client, over boto3 and over aiobotocore."""
