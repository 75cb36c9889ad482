"""Where samples come from and commands go: serial devices, their protocols, and emulators of both."""
