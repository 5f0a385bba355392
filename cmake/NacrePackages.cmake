# Debian packages, by CPack: `./x package`. The files of each are the install component of its name (cmake/NacreInstall.cmake).

file(STRINGS packaging/debian/changelog changelog)
list(GET changelog 0 heading)
if(NOT heading MATCHES "^nacre \\(${PROJECT_VERSION}-([0-9]+)\\) ")
  message(FATAL_ERROR "packaging/debian/changelog begins with another version than ${PROJECT_VERSION}, that of CMakeLists.txt: write an entry.")
endif()
set(CPACK_DEBIAN_PACKAGE_RELEASE ${CMAKE_MATCH_1})
list(FILTER changelog INCLUDE REGEX "^ -- ")
list(GET changelog 0 signature)
string(REGEX MATCH "^ -- (.+ <.+>)  " signature "${signature}")
set(CPACK_PACKAGE_CONTACT "${CMAKE_MATCH_1}")
set(version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS packaging/debian/changelog)
nacre_packed(${PROJECT_SOURCE_DIR}/packaging/debian/changelog packaging/changelog.Debian.gz)
foreach(package ${runtime} ${development} ${tools} ${documents})
  install(FILES packaging/debian/copyright ${CMAKE_CURRENT_BINARY_DIR}/packaging/changelog.Debian.gz
          DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${package} COMPONENT ${package} EXCLUDE_FROM_ALL)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME nacre)
set(CPACK_PACKAGE_VENDOR Nacre)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")  # each package has its own
set(CPACK_COMPONENTS_ALL ${runtime} ${development} ${tools} ${documents})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})

# nacre_package(NAME SECTION DEPENDS SUMMARY WORDS)
macro(nacre_package name section depends summary words)
  string(TOUPPER ${name} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "embedded key-value store: ${summary}
Nacre keeps keys and values in a directory, sorted by key: a
log-structured merge tree as a library, with batches, snapshots,
transactions and named keyspaces, one number for all its memory, and a
stated contract for what survives a crash. On amd64 it needs a processor
of level x86-64-v2.

${words}
")
endmacro()

# A library of another minor version has other symbols (docs/adr/0015), so that what is linked with it asks for this very one.
string(TOUPPER ${runtime} upper)
set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/triggers)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY "=")
nacre_package(${runtime} libs "" "shared library" "This is the library that programs load.")
nacre_package(${development} libdevel "${runtime} (= ${version}), liblz4-dev, libzstd-dev, liburing-dev" "development files"
              "Headers, the archive, and files for CMake and pkg-config. Programs are\ncompiled as C++23 by GCC 12, clang 19 or newer.")
nacre_package(${tools} database "${runtime} (= ${version})" "the command nacre"
              "It writes, reads, imports, exports, checks and repairs databases, and\nserves what a running one publishes; with a dashboard for Grafana.")
nacre_package(${documents} doc "" "pages and examples"
              "How to begin, options, operation, promises, formats, and why things are\nas they are; programs to copy from.")
string(TOUPPER ${documents} upper)
set(CPACK_DEBIAN_${upper}_PACKAGE_ARCHITECTURE all)
foreach(package ${development} ${tools})
  string(TOUPPER ${package} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_SUGGESTS ${documents})
endforeach()

include(CPack)
