"""Catalogues: badges, ranks and points as a readable file, and as rows of the site."""
