"""From a deed to its points, ranks and badges: at once for new deeds, set by set for a whole past."""
