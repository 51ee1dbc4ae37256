"""Programs for whoever works on the newsletter's looks; none is needed to send an issue."""
