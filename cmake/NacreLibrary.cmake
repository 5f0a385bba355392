# The library itself: all folders in one.
#
#   nacre         which of the two a program in this build links: the shared one with BUILD_SHARED_LIBS, else the archive
#   nacre_static  the archive; what looks behind the public API (tests, fuzzers, benchmarks of parts) names it
#   nacre_shared  the shared library: what NACRE_API marks, and nothing else; with BUILD_SHARED_LIBS or NACRE_BOTH_LIBRARIES

# Before 1.0 a minor version breaks the binary interface: its symbols have another version, so that a program of another one does
# not start (docs/adr/0015).
set(NACRE_SYMBOL_VERSION NACRE_${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

# nacre_common(TARGET): what both kinds have in common.
function(nacre_common target export_name)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME nacre EXPORT_NAME ${export_name} POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} PUBLIC cxx_std_23)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:nacre_settings>)
  add_library(nacre::${export_name} ALIAS ${target})
endfunction()

function(nacre_library)
  get_property(folders GLOBAL PROPERTY NACRE_FOLDERS)
  set(objects)
  foreach(folder ${folders})
    list(APPEND objects $<TARGET_OBJECTS:nacre_${folder}>)
  endforeach()

  add_library(nacre_static STATIC ${objects})
  nacre_common(nacre_static static)
  target_link_libraries(nacre_static PRIVATE ${NACRE_DEPENDENCIES})
  if(BUILD_SHARED_LIBS AND NOT NACRE_BOTH_LIBRARIES)
    set_target_properties(nacre_static PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()

  set(chosen nacre_static)
  if(BUILD_SHARED_LIBS OR NACRE_BOTH_LIBRARIES)
    set(symbols ${CMAKE_CURRENT_BINARY_DIR}/nacre.map)
    configure_file(${PROJECT_SOURCE_DIR}/packaging/nacre.map.in ${symbols} @ONLY)
    add_library(nacre_shared SHARED ${objects})
    nacre_common(nacre_shared shared)
    set_target_properties(nacre_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                                                  LINK_DEPENDS ${symbols})
    target_link_options(nacre_shared PRIVATE LINKER:--version-script=${symbols})
    if(BUILD_SHARED_LIBS)
      set(chosen nacre_shared)
    endif()
  endif()
  add_library(nacre ALIAS ${chosen})
  add_library(nacre::nacre ALIAS ${chosen})
endfunction()
