# The libraries under Nacre, as imported targets nacre::lz4, nacre::zstd and nacre::uring; Debian 12 has no CMake files for them.
# The build uses this file, and it is installed for programs that link the archive.
#
#   NACRE_DEPENDENCIES  what to link
#   NACRE_MISSING       Debian packages of what was not found

find_package(Threads QUIET REQUIRED)
set(NACRE_DEPENDENCIES Threads::Threads)
set(NACRE_MISSING)
foreach(name LZ4 ZSTD URING)
  string(TOLOWER ${name} library)
  find_library(NACRE_${name} ${library})
  mark_as_advanced(NACRE_${name})
  list(APPEND NACRE_DEPENDENCIES nacre::${library})
  if(NOT NACRE_${name})
    list(APPEND NACRE_MISSING lib${library}-dev)
  elseif(NOT TARGET nacre::${library})
    add_library(nacre::${library} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(nacre::${library} PROPERTIES IMPORTED_LOCATION ${NACRE_${name}})
  endif()
endforeach()
