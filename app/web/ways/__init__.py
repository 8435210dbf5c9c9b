"""Requests and their queue, events, invitations, nominations, gifts, lessons."""
