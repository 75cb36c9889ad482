"""Where samples come from: the serial armband, its protocol, its time, and an emulator of it."""
