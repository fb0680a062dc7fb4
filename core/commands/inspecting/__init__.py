"""Bodies looked into, for ``refit inspect``.

`inspect_subject` is what is looked at, `inspect_tables` what is printed of it and `inspect_document` what is
told as json; `core.commands.inspect` asks for them.
"""
