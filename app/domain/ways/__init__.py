"""Ways to a badge beside its rule: requests, events, invitations, nominations, gifts, lessons."""
