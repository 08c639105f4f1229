/* What a demo needs of its board, and what the board needs of a demo. */
#ifndef FROND_DEMO_BOARD_H
#define FROND_DEMO_BOARD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The only way out: a text, by semihosting in QEMU. A board without a debugger puts its UART here. */
void board_put(const char* text);

/* What a demo has: something to do beforehand, the work whose instructions and stack are measured, which returns how many samples
   or steps there were, 0 if it failed, and the bytes of its result, whose hash is the same on every processor. */
void demo_prepare(void);
int demo_run(void);
const void* demo_result(uint32_t* bytes);

#ifdef __cplusplus
}
#endif

#endif
