"""Discovery, service profiles and policy."""
