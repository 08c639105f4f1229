# What the golden program is built for.
#
# golden_target(<name> [GCC <command>] [CLANG <command>] [OPTIONS <option>...] [OWN <argument>...] [RUN <command>]
#               [LINK <argument>...] PACKAGES <package>...)
# GCC and CLANG are the compilers, OPTIONS what both take, OWN what golden.cpp needs of ours, LINK what the program does; RUN is how to start the program, with
# the words PROGRAM and ARGUMENTS in their places; PACKAGES is what has all that on Debian.
function(golden_target name)
  cmake_parse_arguments(PARSE_ARGV 1 target "" "" "GCC;CLANG;OPTIONS;OWN;LINK;RUN;PACKAGES")
  foreach(field GCC CLANG OPTIONS OWN LINK RUN PACKAGES)
    string(TOLOWER ${field} key)
    set(golden_${name}_${key} "${target_${field}}" PARENT_SCOPE)
  endforeach()
endfunction()
set(here ${CMAKE_CURRENT_LIST_DIR})

golden_target(x86_64 GCC g++ CLANG clang++ OPTIONS -pthread RUN PROGRAM ARGUMENTS PACKAGES g++ clang)

# Other Linux machines, emulated. 32-bit x86 without x87, which rounds late; 32-bit Arm without NEON, which flushes denormals.
golden_target(i686 GCC i686-linux-gnu-g++ OPTIONS -msse2 -mfpmath=sse -static -pthread RUN qemu-i386 PROGRAM ARGUMENTS
              PACKAGES g++-i686-linux-gnu qemu-user)
golden_target(aarch64 GCC aarch64-linux-gnu-g++ CLANG clang++ --target=aarch64-linux-gnu OPTIONS -static -pthread
              RUN qemu-aarch64 PROGRAM ARGUMENTS PACKAGES g++-aarch64-linux-gnu qemu-user)
golden_target(armhf GCC arm-linux-gnueabihf-g++ CLANG clang++ --target=arm-linux-gnueabihf
              OPTIONS -mfpu=vfpv3-d16 -static -pthread RUN qemu-arm PROGRAM ARGUMENTS
              PACKAGES g++-arm-linux-gnueabihf qemu-user)
golden_target(riscv64 GCC riscv64-linux-gnu-g++ CLANG clang++ --target=riscv64-linux-gnu OPTIONS -static -pthread
              RUN qemu-riscv64 PROGRAM ARGUMENTS PACKAGES g++-riscv64-linux-gnu qemu-user)
golden_target(s390x GCC s390x-linux-gnu-g++ CLANG clang++ --target=s390x-linux-gnu OPTIONS -static -pthread
              RUN qemu-s390x PROGRAM ARGUMENTS PACKAGES g++-s390x-linux-gnu qemu-user)
golden_target(ppc64le GCC powerpc64le-linux-gnu-g++ CLANG clang++ --target=powerpc64le-linux-gnu OPTIONS -static -pthread
              RUN qemu-ppc64le PROGRAM ARGUMENTS PACKAGES g++-powerpc64le-linux-gnu qemu-user)

# Microcontrollers without an operating system, on emulated boards: without floating point, with single and with double
# precision. Of the C++ library the headers are enough, so the driver is gcc, which does not link the compiled part; its package
# would be larger than those of all the other toolchains together.
foreach(core m3 m4f m7)
  set(options_m3 -mcpu=cortex-m3)
  set(options_m4f -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16)
  set(options_m7 -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16)
  set(board_m3 mps2-an385)
  set(board_m4f mps2-an386)
  set(board_m7 mps2-an500)
  golden_target(cortex-${core} GCC arm-none-eabi-gcc
                OPTIONS ${options_${core}} -mthumb -fno-exceptions -fno-rtti --specs=rdimon.specs
                        -D_GLIBCXX_EXTERN_TEMPLATE=0
                OWN -include ${here}/bare_metal/start.hpp LINK -T ${here}/bare_metal/mps2.ld -lm
                RUN qemu-system-arm -machine ${board_${core}} -display none -monitor none -serial none
                    -chardev stdio,id=out -semihosting-config enable=on,target=native,chardev=out -kernel PROGRAM
                PACKAGES gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-dev qemu-system-arm)
endforeach()

# The linker's 64 KiB of stack are too few for vector code that is not optimised.
golden_target(wasm CLANG clang++ --target=wasm32-wasi OPTIONS -fno-exceptions -Wl,-z,stack-size=1048576
              RUN node ${here}/wasm.mjs PROGRAM ARGUMENTS
              PACKAGES clang lld wasi-libc libc++-14-dev-wasm32 libclang-rt-14-dev-wasm32 nodejs)
