# drop_source_tree_includes(<target>)
#
# The library of the generated Python messages exports NumPy's include folder. If NumPy lives in
# a virtual environment inside the source tree (.venv), CMake refuses to install such a target
# ("prefixed in the source directory"). Nobody compiles against this library, so what lies below
# the source tree is taken out of what is exported; elsewhere this changes nothing.
function(drop_source_tree_includes target)
  if(NOT TARGET ${target})
    return()
  endif()
  get_target_property(folders ${target} INTERFACE_INCLUDE_DIRECTORIES)
  set(kept "")
  foreach(folder IN LISTS folders)
    string(FIND "${folder}" "${CMAKE_CURRENT_SOURCE_DIR}/" position)
    if(NOT position EQUAL 0)
      list(APPEND kept "${folder}")
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${kept}")
endfunction()
