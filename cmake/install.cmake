# Headers and a package for find_package(frond).
include(CMakePackageConfigHelpers)

set(frond_package lib/cmake/frond)
install(DIRECTORY include/frond DESTINATION include FILES_MATCHING PATTERN "*.hpp")
install(TARGETS frond EXPORT frond)
install(EXPORT frond FILE frond-targets.cmake NAMESPACE frond:: DESTINATION ${frond_package})
if(TARGET frond_lab)
  install(TARGETS frond_lab EXPORT frond_lab)
  install(EXPORT frond_lab FILE frond-lab-targets.cmake NAMESPACE frond:: DESTINATION ${frond_package})
endif()

# Before 1.0 a minor version may break; headers do not care about the pointer size.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/frond-config-version.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES cmake/frond-config.cmake ${PROJECT_BINARY_DIR}/frond-config-version.cmake DESTINATION ${frond_package})
