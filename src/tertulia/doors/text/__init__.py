"""What all doors of text share: people who type, one text or slash-command after the other."""
