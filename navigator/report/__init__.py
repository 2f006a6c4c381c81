"""Reports for people: tables, pictures, HTML and PDF."""
