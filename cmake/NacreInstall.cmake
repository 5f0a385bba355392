# What is installed where. Components are the Debian packages that carry them (cmake/NacrePackages.cmake).

set(runtime libnacre${PROJECT_VERSION_MAJOR})
set(development libnacre-dev)
set(tools nacre-tools)
set(documents nacre-doc)
set(cmake_files ${CMAKE_INSTALL_LIBDIR}/cmake/nacre)

# nacre_packed(SOURCE RESULT): a file of the tree, packed into the build directory, with no trace of when and where.
function(nacre_packed source result)
  find_program(NACRE_GZIP gzip REQUIRED)
  mark_as_advanced(NACRE_GZIP)
  set(packed ${CMAKE_CURRENT_BINARY_DIR}/${result})
  cmake_path(GET packed PARENT_PATH directory)
  file(MAKE_DIRECTORY ${directory})
  add_custom_command(OUTPUT ${packed} DEPENDS ${source} COMMAND ${NACRE_GZIP} -9nc ${source} > ${packed} VERBATIM)
  string(MAKE_C_IDENTIFIER nacre_packed_${result} target)
  add_custom_target(${target} ALL DEPENDS ${packed})
endfunction()

# --- the library -----------------------------------------------------------------------------------------------------
get_target_property(static_is_by_the_way nacre_static EXCLUDE_FROM_ALL)
if(TARGET nacre_shared)
  install(TARGETS nacre_shared EXPORT nacreSharedTargets
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${runtime} NAMELINK_COMPONENT ${development})
  install(EXPORT nacreSharedTargets NAMESPACE nacre:: DESTINATION ${cmake_files} COMPONENT ${development})
endif()
if(NOT static_is_by_the_way)
  install(TARGETS nacre_static EXPORT nacreStaticTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${development})
  install(EXPORT nacreStaticTargets NAMESPACE nacre:: DESTINATION ${cmake_files} COMPONENT ${development})
  install(FILES cmake/NacreDependencies.cmake DESTINATION ${cmake_files} COMPONENT ${development})
  install(CODE "if(CMAKE_INSTALL_DO_STRIP)
    execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-debug --remove-section=.comment \
      \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/libnacre.a\" COMMAND_ERROR_IS_FATAL ANY)
  endif()" COMPONENT ${development})  # CMake strips programs and shared libraries only
endif()
install(DIRECTORY include/nacre DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT ${development} FILES_MATCHING PATTERN "*.h")

# --- how others find it ----------------------------------------------------------------------------------------------
include(CMakePackageConfigHelpers)
configure_file(packaging/nacreConfig.cmake.in nacreConfig.cmake @ONLY)
set(same SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(same SameMinorVersion)
endif()
write_basic_package_version_file(nacreConfigVersion.cmake COMPATIBILITY ${same})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nacreConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/nacreConfigVersion.cmake
        DESTINATION ${cmake_files} COMPONENT ${development})

set(pkgconfig_files ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(NACRE_PREFIX /usr)
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")  # may be moved, and CMake's --install may put it elsewhere
  file(RELATIVE_PATH up /prefix/${pkgconfig_files} /prefix)
  string(REGEX REPLACE "/$" "" NACRE_PREFIX "\${pcfiledir}/${up}")
endif()
set(NACRE_PC_NEEDS Requires.private)
if(NOT TARGET nacre_shared)
  set(NACRE_PC_NEEDS Requires)
endif()
configure_file(packaging/nacre.pc.in nacre.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nacre.pc DESTINATION ${pkgconfig_files} COMPONENT ${development})

# --- the command -----------------------------------------------------------------------------------------------------
if(TARGET nacre-tool)
  if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")  # the system does not look there for libraries
    file(RELATIVE_PATH libraries /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
    set_target_properties(nacre-tool PROPERTIES INSTALL_RPATH "$ORIGIN/${libraries}")
  endif()
  install(TARGETS nacre-tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${tools})
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/share/man/*.1)
  set(packed_pages)
  foreach(page ${pages})
    cmake_path(GET page FILENAME name)
    nacre_packed(${page} share/man/${name}.gz)
    list(APPEND packed_pages ${CMAKE_CURRENT_BINARY_DIR}/share/man/${name}.gz)
  endforeach()
  install(FILES ${packed_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT ${tools})
  install(FILES share/bash-completion/nacre DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions
          COMPONENT ${tools} OPTIONAL)
  install(FILES share/grafana/nacre.json DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/nacre/grafana COMPONENT ${tools})
endif()

# --- pages and examples: as they lie in the tree, so that their links hold -----------------------------------------------
if(PROJECT_IS_TOP_LEVEL)
  set(documents_files ${CMAKE_INSTALL_DATAROOTDIR}/doc/nacre)
  install(FILES README.md DESTINATION ${documents_files} COMPONENT ${documents})
  install(FILES bench/RESULTS.md DESTINATION ${documents_files}/bench COMPONENT ${documents})
  install(DIRECTORY docs DESTINATION ${documents_files} COMPONENT ${documents}
          FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.html")
  install(DIRECTORY examples DESTINATION ${documents_files} COMPONENT ${documents} FILES_MATCHING PATTERN "*.md" PATTERN "*.cc" PATTERN "*.c")
endif()

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/nacre COMPONENT licence)
