"""What members write: from Markdown to HTML that can be shown to others."""
