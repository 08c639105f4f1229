/* Start, output and measurements on a bare Cortex-M, for QEMU: no library, no vendor code. Instructions are counted by SysTick,
   which QEMU's option -icount drives by the instruction; a loop of known length says how many of them a tick takes. */
#include "board.h"

extern uint32_t board_stack_top, board_data_from, board_data_begin, board_data_end, board_bss_begin, board_bss_end;

static int semihosting(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void board_put(const char* text) { semihosting(0x04, text); }

static void leave(int code) {
  const uint32_t exit[2] = {0x20026, (uint32_t)code};
  semihosting(0x20, exit);
  for (;;) {
  }
}

static void fault(void) {
  board_put("fault\n");
  leave(99);
}

/* The counter has 24 bits; its interrupt counts how often it went round. */
static volatile uint32_t rounds;
static void tick(void) { rounds = rounds + 1; }

void reset(void) __attribute__((naked));
void start(void) __attribute__((noreturn, used));
static int board_main(void);

__attribute__((section(".vectors"), used)) static void* const vectors[16] = {
    &board_stack_top, (void*)reset, (void*)fault, (void*)fault, (void*)fault, (void*)fault, (void*)fault, 0,
    0,                0,            0,            (void*)fault, 0,            0,            (void*)fault, (void*)tick};

/* The unit for floats is switched on before any code that could use it. */
void reset(void) {
#if defined(__ARM_FP)
  __asm__ volatile("ldr r0, =0xe000ed88\n ldr r1, [r0]\n orr r1, r1, #0xf00000\n str r1, [r0]\n dsb\n isb");
#endif
  __asm__ volatile("ldr r0, =start\n bx r0");
}

void start(void) {
  const uint32_t* from = &board_data_from;
  for (uint32_t* to = &board_data_begin; to < &board_data_end; ++to) {
    *to = *from++;
    __asm__ volatile("");
  }
  for (uint32_t* to = &board_bss_begin; to < &board_bss_end; ++to) {
    *to = 0;
    __asm__ volatile("");
  }
  leave(board_main());
  for (;;) {
  }
}

static volatile uint32_t* const systick = (volatile uint32_t*)0xe000e010u;
static uint64_t ticks(void) {
  uint32_t before, count;
  do {
    before = rounds;
    count = systick[2];
  } while (before != rounds);
  return ((uint64_t)before << 24) + (0xffffffu - count);
}

enum { paint_bytes = 6144, loop_length = 100000 };
static uint32_t* painted;

static uint64_t ticks_of_loop(void) {
  const uint64_t before = ticks();
  uint32_t left = loop_length;
#if defined(__ARM_ARCH_6M__)
  __asm__ volatile("1: sub %0, #1\n bne 1b" : "+l"(left) : : "cc");
#else
  __asm__ volatile("1: subs %0, #1\n bne 1b" : "+r"(left) : : "cc");
#endif
  return ticks() - before;
}

/* Below the frame of its caller. */
static void __attribute__((noinline)) paint(void) {
  uint32_t* sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
  painted = sp - 8; /* what this function itself keeps lies above */
  __asm__ volatile("cpsid i"); /* an interrupt would have its frame painted over */
  for (uint32_t* at = painted - paint_bytes / 4; at < painted; ++at) *at = 0x5a5a5a5au;
  __asm__ volatile("cpsie i");
}

static void put_number(const char* name, uint64_t number) {
  char digits[21];
  int at = 20;
  digits[at] = 0;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  board_put(name);
  board_put(digits + at);
}

/* FNV-1a. */
static void put_hash(const void* data, uint32_t bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const uint8_t* at = data; bytes > 0; --bytes) hash = (hash ^ *at++) * 0x100000001b3u;
  char digits[18];
  for (int i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  digits[16] = '\n';
  digits[17] = 0;
  board_put("\nhash ");
  board_put(digits);
}

static int board_main(void) {
  systick[1] = 0xffffff;
  systick[2] = 0;
  systick[0] = 7;
  while (systick[2] == 0) {
  }
  rounds = 0;
  const uint64_t loop = ticks_of_loop();
  demo_prepare();
  paint();
  const uint64_t begin = ticks();
  const int runs = demo_run();
  const uint64_t passed = ticks() - begin;
  if (runs == 0) return 1;
  const uint32_t* lowest = painted - paint_bytes / 4;
  while (lowest < painted && *lowest == 0x5a5a5a5au) ++lowest;
  put_number("\ninstructions ", passed * 2 * loop_length / loop / (uint32_t)runs);
  put_number("\nstack ", (uint64_t)(painted - lowest) * 4);
  uint32_t bytes = 0;
  const void* const result = demo_result(&bytes);
  put_hash(result, bytes);
  return 0;
}
