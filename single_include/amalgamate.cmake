# Writes the single headers: cmake [-D OUTPUT=<folder>] -P single_include/amalgamate.cmake
#
# frond.hpp holds the device part, lab.hpp includes it and adds the part for a PC. Every header is expanded once, where it is
# first included; standard headers move to the top; prologue and epilogue stand once around the whole. Comments stay: they are
# the documentation.
#
# Pass text (*-inl.hpp) is compiled once per instruction set. Where a header compiles the pass text of its folder
# (simd/each_pass-inl.hpp), the single header includes itself, by its own name in quotes (__FILE__ would fail with a relative
# include path), while FROND_PASS is defined and FROND_PASS_NUMBER tells which text is wanted; it then shows nothing else.
cmake_minimum_required(VERSION 3.20)

get_filename_component(include_folder ${CMAKE_CURRENT_LIST_DIR}/../include ABSOLUTE)
if(NOT DEFINED OUTPUT)
  set(OUTPUT ${CMAKE_CURRENT_LIST_DIR}/frond)
endif()
set(separator "// =============================================================================================================")

# The expansion grows in global properties, because a function cannot append to a variable of its caller's caller:
#   text       the body of the header that is being written
#   standard   the standard headers that it needs
#   expanded   what stands in this or an earlier single header
#   passes     the pass texts of this single header
#   name       of this single header
function(append text)
  set_property(GLOBAL APPEND_STRING PROPERTY text "${text}")
endfunction()

# Handles one include directive of `path`; `depth` counts the open #if around it.
function(expand_include path included depth)
  get_property(expanded GLOBAL PROPERTY expanded)
  if(included MATCHES "^frond/config/(prologue|epilogue).hpp$")
    return()
  elseif(included MATCHES "^frond/.*-inl.hpp$")
    expand(${included})
  elseif(included MATCHES "^frond/")
    if(included IN_LIST expanded)
      return()
    endif()
    if(depth GREATER 0 OR path MATCHES "-inl.hpp$")
      message(FATAL_ERROR "${path} is the first to include ${included}, inside an #if or a pass: it cannot be expanded once.")
    endif()
    set_property(GLOBAL APPEND PROPERTY expanded ${included})
    expand(${included})
  elseif(depth GREATER 0)
    append("#include <${included}>\n")
  else()
    set_property(GLOBAL APPEND PROPERTY standard ${included})
  endif()
endfunction()

# Appends the text of one header, line by line, with its includes resolved.
function(expand path)
  append("\n${separator}\n// ${path}\n${separator}\n\n")
  file(READ ${include_folder}/${path} rest)
  set(depth 0)
  string(FIND "${rest}" "\n" end)
  while(NOT end EQUAL -1)
    string(SUBSTRING "${rest}" 0 ${end} line)
    math(EXPR next "${end} + 1")
    string(SUBSTRING "${rest}" ${next} -1 rest)
    string(FIND "${rest}" "\n" end)
    if(line MATCHES "^#include <(.*)>")
      expand_include(${path} ${CMAKE_MATCH_1} ${depth})
      continue()
    elseif(line MATCHES "^#define FROND_PASS_TEXT <(.*)>")
      set_property(GLOBAL APPEND PROPERTY passes ${CMAKE_MATCH_1})
      get_property(passes GLOBAL PROPERTY passes)
      list(LENGTH passes number)
      get_property(name GLOBAL PROPERTY name)
      append("#undef FROND_PASS_NUMBER\n#define FROND_PASS_NUMBER ${number}\n#define FROND_PASS_TEXT \"${name}\"\n")
      continue()
    elseif(line MATCHES "^#if")
      math(EXPR depth "${depth} + 1")
    elseif(line MATCHES "^#endif")
      math(EXPR depth "${depth} - 1")
    elseif(line STREQUAL "#pragma once")
      continue()
    endif()
    append("${line}\n")
  endwhile()
endfunction()

# Takes what was appended so far.
function(take_text variable)
  get_property(text GLOBAL PROPERTY text)
  set_property(GLOBAL PROPERTY text "")
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# amalgamate(<name> <line>): writes <name> from include/frond/<name>; <line> is one more include after the standard ones.
function(amalgamate name line)
  set_property(GLOBAL PROPERTY standard "")
  set_property(GLOBAL PROPERTY passes "")
  set_property(GLOBAL PROPERTY name ${name})
  set_property(GLOBAL APPEND PROPERTY expanded frond/${name})
  expand(frond/${name})
  take_text(body)
  get_property(passes GLOBAL PROPERTY passes)
  set(open "")
  set(close "")
  if(passes)
    set(open "#if !defined(FROND_PASS)\n")
    set(close "#else  // inside a pass\n")
    set(number 0)
    foreach(pass IN LISTS passes)
      math(EXPR number "${number} + 1")
      expand(${pass})
      take_text(text)
      string(APPEND close "#if FROND_PASS_NUMBER == ${number}\n${text}\n#endif\n")
    endforeach()
    string(APPEND close "#endif  // FROND_PASS\n")
  endif()

  get_property(standard GLOBAL PROPERTY standard)
  list(SORT standard)
  list(REMOVE_DUPLICATES standard)
  list(TRANSFORM standard REPLACE "(.+)" "#include <\\1>\n")
  list(JOIN standard "" standard)
  foreach(bracket prologue epilogue)
    file(READ ${include_folder}/frond/config/${bracket}.hpp ${bracket})
  endforeach()
  string(TOUPPER "FROND_SINGLE_${name}" guard)
  string(MAKE_C_IDENTIFIER ${guard} guard)

  set(text
"// Frond ${version}, bits ${bits_version}. MIT License. ${copyright}.
// Generated from include/frond/${name} by single_include/amalgamate.cmake; change the headers there instead.
${open}#ifndef ${guard}
#define ${guard}

${standard}${line}
${prologue}${body}
${epilogue}
#endif  // ${guard}
${close}")
  string(REGEX REPLACE "\n\n\n+" "\n\n" text "${text}")  # vanished directives leave blank lines behind
  file(WRITE ${OUTPUT}/${name} "${text}")
endfunction()

file(STRINGS ${include_folder}/frond/config/version.hpp lines REGEX "^#define")
string(REGEX MATCH "FROND_VERSION_STRING \"([^\"]+)\"" version "${lines}")
set(version ${CMAKE_MATCH_1})
string(REGEX MATCH "FROND_BITS_VERSION ([0-9]+)" bits_version "${lines}")
set(bits_version ${CMAKE_MATCH_1})
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../LICENSE copyright REGEX "^Copyright")

amalgamate(frond.hpp "")
amalgamate(lab.hpp "#include \"frond.hpp\"\n")
