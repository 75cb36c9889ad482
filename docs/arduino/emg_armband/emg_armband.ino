// An armband in one sketch: it samples analogue inputs and speaks the protocol of docs/reference/emg-protocol.md,
// so that emg_recognition can read it directly. It needs nothing but the Arduino core.
//
// To adapt it, change the block "Your armband" and, for a separate converter, takeSample().
// docs/reference/protocols.md says how it is tested.

#include <Arduino.h>
#include <stdint.h>
#include <string.h>

// ---------------------------------------------------------------- Your armband

// 921600 suits boards with native USB (where it has no meaning) and the ESP32. Boards with 16 MHz (Uno,
// Nano, Mega) cannot generate it: use 500000 or 1000000 there, and set the parameter baud_rate to the same.
const uint32_t BAUD_RATE = 921600;

const uint32_t RATE = 1000;  // samples per second; a divisor of 1000000
const uint8_t PINS[] = {A0, A1, A2, A3};
const char *const SITES[] = {"", "", "", ""};  // the muscle under each input; empty if unknown

const char DEVICE[] = "Arduino armband";
const char SERIAL_NUMBER[] = "";

// 0 keeps counts as the unit. If the gain of your amplifier is known, use gain * steps / reference,
// e.g. 1000 * 1024 / 5 V = 204800 counts per volt.
const uint32_t COUNTS_PER_VOLT = 0;

// With more samples, frames are rarer, and the first sample is older when its frame is sent. A frame should
// fit into the buffer of Serial (often 64 bytes), or write() waits and samples are missed, which the host counts.
const uint8_t SAMPLES_PER_FRAME = 5;

// ---------------------------------------------------------------- The frame

const uint8_t CHANNELS = sizeof(PINS) / sizeof(PINS[0]);
const uint16_t PERIOD_US = 1000000UL / RATE;

const uint8_t DATA = 1, INFO = 2;
const uint8_t RESTART = 0x01;
const uint16_t HEAD = 7;        // sync, version, type, flags, length
const uint16_t DATA_HEAD = 13;  // counter, clock, channels, samples, bits
const uint16_t DATA_SIZE = HEAD + DATA_HEAD + 2UL * SAMPLES_PER_FRAME * CHANNELS + 2;
const uint16_t INFO_SIZE = 512;  // room for the texts; a text that does not fit is left empty
const uint16_t FRAME_SIZE = DATA_SIZE > INFO_SIZE ? DATA_SIZE : INFO_SIZE;

uint8_t frame[FRAME_SIZE];
uint16_t used = 0;

void put8(uint8_t value) { frame[used++] = value; }

void put16(uint16_t value) {
  put8(value & 0xFF);
  put8(value >> 8);
}

void put32(uint32_t value) {
  put16(value & 0xFFFF);
  put16(value >> 16);
}

// On many boards a double has only 32 bits, so the 64 bits of an IEEE 754 double are built here.
void putDouble(uint32_t value) {
  uint64_t bits = 0;
  if (value != 0) {
    uint8_t exponent = 31;
    while (!(value >> exponent & 1)) exponent--;
    const uint64_t fraction = ((uint64_t)value << (52 - exponent)) & 0xFFFFFFFFFFFFFULL;
    bits = (uint64_t)(1023 + exponent) << 52 | fraction;
  }
  put32(bits & 0xFFFFFFFF);
  put32(bits >> 32);
}

// `reserve` bytes must still fit after this text: the checksum and a length byte for each remaining text.
void putText(const char *text, uint16_t reserve) {
  size_t length = strlen(text);
  if (length > 255 || used + 1 + length + reserve > FRAME_SIZE) length = 0;
  put8(length);
  memcpy(frame + used, text, length);
  used += length;
}

// CRC-16/XMODEM, as in docs/reference/emg-protocol.md.
uint16_t checksum(const uint8_t *data, uint16_t length) {
  uint16_t value = 0;
  while (length--) {
    value ^= (uint16_t)*data++ << 8;
    for (uint8_t bit = 0; bit < 8; bit++) value = value & 0x8000 ? value << 1 ^ 0x1021 : value << 1;
  }
  return value;
}

void beginFrame(uint8_t type, uint8_t flags) {
  used = 0;
  put8(0xA5);
  put8(0x5A);
  put8(1);  // version
  put8(type);
  put8(flags);
  put16(0);  // length, filled in at the end
}

void sendFrame() {
  const uint16_t length = used - HEAD;
  frame[5] = length & 0xFF;
  frame[6] = length >> 8;
  put16(checksum(frame + 2, used - 2));
  Serial.write(frame, used);
  used = 0;
}

// ---------------------------------------------------------------- Samples

int16_t samples[SAMPLES_PER_FRAME][CHANNELS];
uint8_t held = 0;          // samples taken but not sent yet
uint32_t counter = 0;      // number of the next sample since power-on
uint32_t firstCounter, firstMicros;
uint32_t due;              // micros() at which the next sample is to be taken
bool sampling = false;
bool restart = true;

void takeSample(int16_t *values) {
  for (uint8_t channel = 0; channel < CHANNELS; channel++) values[channel] = analogRead(PINS[channel]);
}

void sendData() {
  if (held == 0) return;
  beginFrame(DATA, restart ? RESTART : 0);
  put32(firstCounter);
  put32(firstMicros);
  put16(CHANNELS);
  put16(held);
  put8(16);
  for (uint8_t k = 0; k < held; k++)
    for (uint8_t channel = 0; channel < CHANNELS; channel++) put16(samples[k][channel]);
  sendFrame();
  held = 0;
  restart = false;
}

void sendInfo() {
  uint16_t texts = 2 + 2 * CHANNELS;
  beginFrame(INFO, 0);
  putDouble(RATE);
  put16(CHANNELS);
  put8(COUNTS_PER_VOLT ? 1 : 0);
  putDouble(COUNTS_PER_VOLT ? COUNTS_PER_VOLT : 1);
  putText(DEVICE, 2 + --texts);
  putText(SERIAL_NUMBER, 2 + --texts);
  for (uint8_t channel = 0; channel < CHANNELS; channel++) {
    const char name[] = {'c', 'h', ' ', char('0' + (channel + 1) / 10), char('0' + (channel + 1) % 10), 0};
    putText(name, 2 + --texts);
  }
  for (uint8_t channel = 0; channel < CHANNELS; channel++) putText(SITES[channel], 2 + --texts);
  sendFrame();
}

// ---------------------------------------------------------------- Commands of the host

void obey(char command) {
  if (command == 'I') {
    sendData();  // frame[] is shared, so held samples are sent a little early
    sendInfo();
  } else if (command == 'S' && !sampling) {
    sampling = true;
    restart = true;
    due = micros();
  } else if (command == 'X') {
    sendData();
    sampling = false;
  }
}

void setup() { Serial.begin(BAUD_RATE); }

void loop() {
  while (Serial.available() > 0) obey(Serial.read());
  if (!sampling) return;
  const uint32_t now = micros();
  const uint32_t late = now - due;  // correct even when micros() wraps every 71.6 minutes
  if (late & 0x80000000UL) return;  // not yet
  const uint32_t missed = late / PERIOD_US;
  if (missed > 0) {
    // Too slow, or Serial was full: these samples were never taken, and the counter shows it.
    sendData();
    counter += missed;
    due += missed * PERIOD_US;
  }
  if (held == 0) {
    firstCounter = counter;
    firstMicros = now;
  }
  takeSample(samples[held++]);
  counter++;
  due += PERIOD_US;
  if (held == SAMPLES_PER_FRAME) sendData();
}
