"""Provider stand-ins: what the real engine talks to where Azure, Entra and other people's plug-ins are not to be had."""
