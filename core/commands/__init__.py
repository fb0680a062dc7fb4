"""The command line without a window: one module a subcommand, and what they share.

The top of ``core``: it may import everything else there, and nothing there imports it, nor does a library
that only wants to fit. Start with `core.commands.cli`, which reads arguments and must stay cheap to
import; a program that has many motions converted starts with `core.commands.from_program`.
"""
