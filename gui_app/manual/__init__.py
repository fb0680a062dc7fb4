"""The manual in a window of its own: pages, text, words to look for.

May import the base only. Start with `window`; `pages` reads the Markdown and `page_view` sets it in the
colours of the theme. The pages themselves are in assets/manual.
"""
