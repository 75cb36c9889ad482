# install_launchers(<section> <destination>)
#
# Install one executable for each line "name = module:function" in a section of
# entry_points.ini. colcon ignores setup.py in an ament_cmake package, so nothing else does it;
# setup.py reads the same file. A launcher names the interpreter that the package was built
# with, and imports its module when it is run, not before.
function(install_launchers section destination)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS entry_points.ini)
  file(STRINGS entry_points.ini lines)
  set(current "")
  foreach(line IN LISTS lines)
    if(line MATCHES "^\\[(.+)\\]$")
      set(current "${CMAKE_MATCH_1}")
    elseif(current STREQUAL section AND line MATCHES "^([A-Za-z0-9_-]+) *= *([A-Za-z0-9_.]+):([A-Za-z0-9_]+)$")
      set(name "${CMAKE_MATCH_1}")
      set(module "${CMAKE_MATCH_2}")
      set(function "${CMAKE_MATCH_3}")
      set(launcher "${CMAKE_CURRENT_BINARY_DIR}/launchers/${name}")
      configure_file(cmake/launcher.in "${launcher}" @ONLY
        FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
      install(PROGRAMS "${launcher}" DESTINATION ${destination})
    endif()
  endforeach()
endfunction()
