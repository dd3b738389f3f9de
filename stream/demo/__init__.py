"""`forewarn demo`: everything on one machine, watched. It uses what any deployment has: topics, settings, commands."""
