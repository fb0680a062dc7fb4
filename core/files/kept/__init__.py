"""What was worked out once and is kept on the disk for the next process, safe to delete at any time.

Knows nothing of bodies and fits. Start with `core.files.kept.array_store.stored`.
"""
