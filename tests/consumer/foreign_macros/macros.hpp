// Macros of headers that programs include before the library, each with a text that no place of a name can hold. Included
// twice: the second time the same definitions stand, if the library has left them as they were. names.cmake reads the names.

// windows.h with its minwindef.h, minmax.h, rpcndr.h, combaseapi.h, winnt.h, winerror.h, wingdi.h
#define min(a, b) foreign + a + b
#define max(a, b) foreign + a + b
#define near 1 foreign
#define far 1 foreign
#define small 1 foreign
#define hyper 1 foreign
#define interface 1 foreign
#define pascal 1 foreign
#define cdecl 1 foreign
#define IN 1 foreign
#define OUT 1 foreign
#define OPTIONAL 1 foreign
#define ABSOLUTE 1 foreign
#define RELATIVE 1 foreign
#define TRANSPARENT 1 foreign
#define CONST 1 foreign
#define DELETE 1 foreign
#define DOMAIN 1 foreign
#define ERROR 1 foreign
#define FALSE 1 foreign
#define IGNORE 1 foreign
#define NO_ERROR 1 foreign
#define OVERFLOW 1 foreign
#define STRICT 1 foreign
#define TRUE 1 foreign
#define VOID 1 foreign
#define GetObject 1 foreign

// Arduino.h, its binary.h, and those of avr-libc
#define abs(x) foreign + x
#define bit(b) foreign + b
#define bitClear(value, b) foreign + value + b
#define bitRead(value, b) foreign + value + b
#define bitSet(value, b) foreign + value + b
#define bitToggle(value, b) foreign + value + b
#define bitWrite(value, b, x) foreign + value + b + x
#define constrain(x, low, high) foreign + x + low + high
#define degrees(x) foreign + x
#define highByte(w) foreign + w
#define input(port) foreign + port
#define interrupts() foreign
#define lowByte(w) foreign + w
#define noInterrupts() foreign
#define output(port, value) foreign + port + value
#define radians(x) foreign + x
#define round(x) foreign + x
#define sq(x) foreign + x
#define swap(x, y) foreign + x + y
#define word(...) foreign + __VA_ARGS__
#define yield() foreign
#define _BV(b) foreign + b
#define F(s) foreign + s
#define B0 1 foreign
#define B1 1 foreign
#define B10 1 foreign
#define B11111111 1 foreign
#define CHANGE 1 foreign
#define DEFAULT 1 foreign
#define DEG_TO_RAD 1 foreign
#define DISPLAY 1 foreign
#define EULER 1 foreign
#define EXTERNAL 1 foreign
#define FALLING 1 foreign
#define HALF_PI 1 foreign
#define HIGH 1 foreign
#define INPUT 1 foreign
#define INTERNAL 1 foreign
#define LOW 1 foreign
#define LSBFIRST 1 foreign
#define MSBFIRST 1 foreign
#define OUTPUT 1 foreign
#define PI 1 foreign
#define RAD_TO_DEG 1 foreign
#define RISING 1 foreign
#define SERIAL 1 foreign
#define TWO_PI 1 foreign

// CMSIS, STM32 HAL, ESP-IDF, lwIP, FreeRTOS
#define BIT(n) foreign + n
#define BIT0 1 foreign
#define CLEAR_BIT(r, b) foreign + r + b
#define READ_BIT(r, b) foreign + r + b
#define RESET 1 foreign
#define RNG 1 foreign
#define SET 1 foreign
#define SET_BIT(r, b) foreign + r + b
#define UNUSED(x) foreign + x
#define likely(x) foreign + x
#define unlikely(x) foreign + x
#define accept(s, a, n) foreign + s + a + n
#define bind(s, a, n) foreign + s + a + n
#define close(s) foreign + s
#define connect(s, a, n) foreign + s + a + n
#define open(...) foreign + __VA_ARGS__
#define poll(f, n, t) foreign + f + n + t
#define read(s, m, n) foreign + s + m + n
#define recv(s, m, n, f) foreign + s + m + n + f
#define select(n, r, w, e, t) foreign + n + r + w + e + t
#define send(s, m, n, f) foreign + s + m + n + f
#define shutdown(s, h) foreign + s + h
#define write(s, m, n) foreign + s + m + n

// Xlib, X.h and Xos.h; curses; AssertMacros.h of macOS; Qt; R
#define Above 1 foreign
#define Always 1 foreign
#define Below 1 foreign
#define Bool 1 foreign
#define Complex 1 foreign
#define Convex 1 foreign
#define False 1 foreign
#define None 1 foreign
#define Status 1 foreign
#define Success 1 foreign
#define True 1 foreign
#define Unsorted 1 foreign
#define index(s, c) foreign + s + c
#define border(a, b, c, d, e, f, g, h) foreign + a + b + c + d + e + f + g + h
#define box(w, v, h) foreign + w + v + h
#define clear() foreign
#define erase() foreign
#define filter() foreign
#define move(y, x) foreign + y + x
#define refresh() foreign
#define timeout(t) foreign + t
#define check(assertion) foreign + assertion
#define require(assertion, label) foreign + assertion + label
#define verify(assertion) foreign + assertion
#define emit 1 foreign
#define foreach 1 foreign
#define forever 1 foreign
#define signals 1 foreign
#define slots 1 foreign
#define append 1 foreign
#define error 1 foreign
#define eval 1 foreign
#define length 1 foreign
#define warning 1 foreign

// complex.h, sys/sysmacros.h, zlib's pointers, and the names that -std=gnu++20 defines
#define I 1 foreign
#define complex 1 foreign
#define imaginary 1 foreign
#define major(device) foreign + device
#define makedev(a, b) foreign + a + b
#define minor(device) foreign + device
#define i386 1 foreign
#define linux 1 foreign
#define unix 1 foreign
