// The part of the Arduino core that the sketch uses, with a clock that the test advances.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum : uint8_t { A0, A1, A2, A3, A4, A5, A6, A7 };

extern uint32_t now_us;

inline uint32_t micros() { return now_us += 4; }  // the resolution on a board with 16 MHz

// Returns pin and time of the reading; a reading takes 20 microseconds.
inline int analogRead(uint8_t pin) {
  now_us += 20;
  return pin * 1000 + now_us / 1000 % 1000;
}

struct FakeSerial {
  char received[64];
  void begin(uint32_t) {}
  int available() { return strlen(received); }
  int read() {
    const char byte = received[0];
    memmove(received, received + 1, strlen(received));
    return byte;
  }
  size_t write(const uint8_t *data, size_t size) { return fwrite(data, 1, size, stdout); }
};

extern FakeSerial Serial;
