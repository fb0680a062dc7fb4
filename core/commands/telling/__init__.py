"""How the commands tell: text as it stands, one line a sentence, whoever listens or does not.

Streams that fail, terminals, progress bars, sentences, exit codes and interrupts; all but `terminal` and
`progress_bar` cheap to import.
"""
