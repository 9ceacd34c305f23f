"""What the hub does. Pages and jobs call these; these know the rows; nothing here knows a request or a template.

Each room knows those after it and none before: installing, sending, carrying, drafting, books, integrations; below them
who may what (`access`), what a row holds (`snapshots`), and whose it is (`scope`).
"""
