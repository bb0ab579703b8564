"""The programs of the recipes in plain boto3."""
