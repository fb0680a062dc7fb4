"""The application: main window, menus, toolbar, status bar, start page, command palette.

Puts the other folders together and may import all of them; none imports it. Start with `main_window`;
panels beside the bodies are made in `side_panels`.
"""
