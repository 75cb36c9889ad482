// Runs the sketch by commands: "say TEXT", "run MICROSECONDS", "wait MICROSECONDS" (without running), "clock VALUE".
#include <stdlib.h>

#include "sketch.ino"

uint32_t now_us = 0;
FakeSerial Serial;

int main() {
  char what[16], value[64];
  setup();
  while (scanf("%15s %63s", what, value) == 2) {
    const uint32_t number = strtoul(value, NULL, 10);
    if (strcmp(what, "say") == 0) {
      strcpy(Serial.received, value);
      loop();
    } else if (strcmp(what, "run") == 0) {
      for (const uint32_t begin = now_us; now_us - begin < number; now_us++) loop();
    } else if (strcmp(what, "wait") == 0) {
      now_us += number;
    } else if (strcmp(what, "clock") == 0) {
      now_us = number;
    } else {
      return 1;
    }
  }
  return 0;
}
