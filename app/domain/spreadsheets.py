"""Spreadsheets: what is written into a file for one must stay text there."""

# What programs begin a formula with, in some languages also as wide as the letters around it; or what hides that.
_BEGINS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_BEGINS) or text.lstrip().startswith(_BEGINS) else text
