"""What Streamlit is told, and why: by default it listens to everyone, calls home and prints tracebacks to raters."""

from __future__ import annotations

from collections.abc import Sequence

Setting = str | int | bool | list[str]

BACKGROUND, INK, ACCENT = "#e9e9e9", "#1b1b1b", "#0b4f9c"  # grey around pictures; contrast with the ink 14:1


def settings(host: str, port: int, hosts: Sequence[str]) -> dict[str, Setting]:
    """Give the settings of `streamlit.App.run`.

    Args:
        host: the address to listen on.
        port: the port, which must be free.
        hosts: the names that browsers may call this server by; empty for any.
    """
    return {
        "server.address": host,
        "server.port": port,
        "server.allowedHosts": list(hosts),
        "server.headless": True,  # opens no browser, asks for no e-mail address
        "server.showEmailPrompt": False,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableCORS": True,  # the guard of the WebSocket: pages of other hosts cannot open it
        "server.enableXsrfProtection": True,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "server.maxUploadSize": 1,
        "server.maxMessageSize": 5,
        "server.disconnectedSessionTTL": 120,  # seconds in which a dropped connection keeps unsent answers
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.showSidebarNavigation": False,
        "runner.magicEnabled": False,
        # A full collection after every run of the script is 50 ms of each click; the server freezes what it has loaded.
        "runner.postScriptGC": False,
        "logger.level": "warning",
        "logger.hideWelcomeMessage": True,
        # The same surroundings for every rater, whatever their system prefers.
        "theme.base": "light",
        "theme.backgroundColor": BACKGROUND,
        "theme.secondaryBackgroundColor": "#ffffff",
        "theme.textColor": INK,
        "theme.primaryColor": ACCENT,
    }
