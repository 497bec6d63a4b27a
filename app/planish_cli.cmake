# Progress on a terminal, for every program that has one.
add_library(planish_terminal STATIC cli/terminal_monitor.cpp)
target_include_directories(planish_terminal PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(planish_terminal PRIVATE planish_flags PUBLIC planish::support)

add_executable(planish-cli planish_cli.cpp
  cli/allocation_commands.cpp
  cli/arguments.cpp cli/cache_command.cpp cli/claims_command.cpp cli/codec_commands.cpp cli/compare_command.cpp
  cli/document_commands.cpp cli/export_command.cpp cli/model_commands.cpp
  cli/recorded_runs.cpp cli/run_commands.cpp cli/store_commands.cpp cli/tables.cpp)
target_link_libraries(planish-cli PRIVATE planish_flags planish_terminal planish::engine planish::plots CLI11::CLI11)
install(TARGETS planish-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
