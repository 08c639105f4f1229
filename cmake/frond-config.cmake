# frond::frond always; frond::lab where there are threads.
include(${CMAKE_CURRENT_LIST_DIR}/frond-targets.cmake)
find_package(Threads QUIET)
if(Threads_FOUND)
  include(${CMAKE_CURRENT_LIST_DIR}/frond-lab-targets.cmake OPTIONAL)
endif()
