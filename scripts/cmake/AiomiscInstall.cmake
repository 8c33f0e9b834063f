# SPDX-License-Identifier: MIT
# Installs the layers, their public headers, the commands, and the package that find_package(aiomisc) reads.
# Included last, when AIOMISC_LAYER_TARGETS is complete.

include(CMakePackageConfigHelpers)
set(_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/aiomisc)

get_property(_layers GLOBAL PROPERTY AIOMISC_LAYER_TARGETS)
install(TARGETS ${_layers}
  EXPORT aiomiscTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET aiomisc-run)
  install(TARGETS aiomisc-run aiomisc-plugins RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # Manual pages, and completions, where man, bash-completion and zsh look for them.
  foreach(_command aiomisc-run aiomisc-plugins)
    install(FILES ${PROJECT_BINARY_DIR}/cli/${_command}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    install(FILES ${PROJECT_BINARY_DIR}/cli/${_command}.bash
      DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${_command})
    install(FILES ${PROJECT_BINARY_DIR}/cli/_${_command}
      DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  endforeach()
endif()

install(EXPORT aiomiscTargets NAMESPACE aiomisc:: DESTINATION ${_package_dir})
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/scripts/cmake/aiomiscConfig.cmake.in
  ${PROJECT_BINARY_DIR}/aiomiscConfig.cmake
  INSTALL_DESTINATION ${_package_dir}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/aiomiscConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/aiomiscConfig.cmake
  ${PROJECT_BINARY_DIR}/aiomiscConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/scripts/cmake/AiomiscPlugins.cmake
  DESTINATION ${_package_dir})
